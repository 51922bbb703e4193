# cmake -D XML=windowsZones.xml -D OUT=x.c -P windows_zones.cmake: the rows of territory 001, in strcmp's order.

# CLDR 41 (Debian 12) is from April 2022.  Since then two of its cities left the time that the Windows name stands
# for: Chihuahua in October 2022, Almaty in March 2024.  Newer CLDRs name these cities instead; a newer file makes
# the lines idle, not wrong.
set(moved
    "Central Asia Standard Time\tAsia/Bishkek"
    "Mountain Standard Time (Mexico)\tAmerica/Mazatlan")

file(STRINGS ${XML} lines REGEX "<mapZone .*territory=\"001\"")
set(rows "")
foreach(line ${lines})
  if(NOT line MATCHES "other=\"([^\"&;\\]+)\" territory=\"001\" type=\"([^\" &;\\]+)")
    message(FATAL_ERROR "windowsZones.xml: can not read the line ${line}")
  endif()
  set(row "${CMAKE_MATCH_1}\t${CMAKE_MATCH_2}")
  foreach(new ${moved})
    string(REGEX REPLACE "\t.*" "\t" name "${new}")
    string(FIND "${row}" "${name}" at)
    if(at EQUAL 0)
      set(row "${new}")
    endif()
  endforeach()
  list(APPEND rows "${row}")
endforeach()
list(LENGTH rows count)
if(count LESS 100)
  message(FATAL_ERROR "${XML}: only ${count} zones found")
endif()

# The tab sorts before every character of a name, as the NUL does for strcmp: "Central Standard Time" comes before
# "Central Standard Time (Mexico)".  A quote in its place would not (a space sorts before it).
list(SORT rows COMPARE STRING CASE SENSITIVE)
list(TRANSFORM rows REPLACE "^(.*)\t(.*)$" "    {\"\\1\", \"\\2\"},")
list(JOIN rows "\n" body)
file(WRITE ${OUT} "/* Generated from CLDR's windowsZones.xml by cmake/windows_zones.cmake. */\n"
     "#include \"model/zone_name.h\"\n\nconst struct windows_zone windows_zones[] = {\n${body}\n};\n"
     "const unsigned windows_zones_count = ${count};\n")
