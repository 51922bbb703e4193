# Windows zone name to IANA, from Debian's unicode-cldr-core (CLDR's windowsZones table): see windows_zones.cmake.
set(AA_CLDR_XML /usr/share/unicode/cldr/common/supplemental/windowsZones.xml CACHE FILEPATH "CLDR windowsZones.xml")
if(NOT EXISTS ${AA_CLDR_XML})
  message(FATAL_ERROR "${AA_CLDR_XML} is missing: install the Debian package unicode-cldr-core")
endif()
set(AA_WINDOWS_ZONES_C ${CMAKE_BINARY_DIR}/generated/windows_zones.c)
add_custom_command(
  OUTPUT ${AA_WINDOWS_ZONES_C}
  COMMAND ${CMAKE_COMMAND} -D XML=${AA_CLDR_XML} -D OUT=${AA_WINDOWS_ZONES_C}
          -P ${CMAKE_SOURCE_DIR}/cmake/windows_zones.cmake
  DEPENDS ${AA_CLDR_XML} ${CMAKE_SOURCE_DIR}/cmake/windows_zones.cmake
  VERBATIM)
target_sources(aa_model PRIVATE ${AA_WINDOWS_ZONES_C})
