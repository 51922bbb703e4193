# migrations/sqlite/NNNN_name.sql become one C table {version, name, sha256, sql}; see embed_migrations.cmake.
file(GLOB AA_MIGRATIONS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/migrations/sqlite/*.sql)
set(AA_MIGRATIONS_C ${CMAKE_BINARY_DIR}/generated/migrations_sqlite.c)
add_custom_command(
  OUTPUT ${AA_MIGRATIONS_C}
  COMMAND ${CMAKE_COMMAND} -D "FILES=${AA_MIGRATIONS}" -D OUT=${AA_MIGRATIONS_C}
          -P ${CMAKE_SOURCE_DIR}/cmake/embed_migrations.cmake
  DEPENDS ${AA_MIGRATIONS} ${CMAKE_SOURCE_DIR}/cmake/embed_migrations.cmake
  VERBATIM)
target_sources(aa_storage PRIVATE ${AA_MIGRATIONS_C})
