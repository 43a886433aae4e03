# Every suite as a test: `ctest -N` lists them, `ctest -L lint` runs those with a label. A suite is
# one file of scripts/test.d (slow ones in scripts/test.d/slow); lines at its head say
#   # needs: build r-library    what has to be there first (a fixture)
#   # gives: r-library          what it leaves for others
#   # seconds: 1800             its limit of time
#   # processors: all           it uses every processor: nothing runs beside it (otherwise: one)
#   # cost: 400                 the seconds that it takes here: the longest begin first
# Status 77 means that it was skipped. What its cases did stands as JUnit XML in a folder of its name
# below LAOT_TEST_RESULTS; scripts/test.sh counts these.
set(LAOT_TEST_RESULTS "${PROJECT_BINARY_DIR}/test-results" CACHE PATH "Folder of the cases' results")

find_program(LAOT_BASH bash)
set(LAOT_SUITE_NAMES)

include(ProcessorCount)
ProcessorCount(LAOT_JOBS)
if(LAOT_JOBS LESS 1)
  set(LAOT_JOBS 1)
endif()
add_test(NAME build
         COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --parallel ${LAOT_JOBS})
set_tests_properties(build PROPERTIES FIXTURES_SETUP build TIMEOUT 3600 PROCESSORS ${LAOT_JOBS})

function(laot_suite file)
  get_filename_component(name ${file} NAME_WE)
  string(REGEX REPLACE "^[0-9]+-" "" name ${name})
  set(labels ${name})
  if(file MATCHES "/slow/")
    list(APPEND labels slow)
  endif()
  foreach(property needs gives seconds processors cost)
    file(STRINGS ${file} ${property} REGEX "^# ${property}: ")
    string(REGEX REPLACE "^# ${property}: *" "" ${property} "${${property}}")
    string(REPLACE " " ";" ${property} "${${property}}")
  endforeach()
  if(NOT seconds)
    set(seconds 1800)
  endif()
  if(processors STREQUAL "all")
    set(processors ${LAOT_JOBS})
  else()
    set(processors 1)
  endif()
  if(NOT cost)
    set(cost 0)
  endif()
  set(LAOT_SUITE_NAMES ${LAOT_SUITE_NAMES} ${name} PARENT_SCOPE)
  add_test(NAME ${name} COMMAND ${LAOT_BASH} ${file} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES
    LABELS "${labels}" SKIP_RETURN_CODE 77 TIMEOUT ${seconds} PROCESSORS ${processors} COST ${cost}
    FIXTURES_REQUIRED "${needs}" FIXTURES_SETUP "${gives}"
    ENVIRONMENT "LAOT_TEST_RESULTS=${LAOT_TEST_RESULTS};LAOT_RELEASE_BUILD=${PROJECT_BINARY_DIR}")
endfunction()

set(LAOT_SUITES)
if(LAOT_BASH)
  file(GLOB LAOT_SUITES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/scripts/test.d/*.sh
       ${PROJECT_SOURCE_DIR}/scripts/test.d/slow/*.sh)
endif()
foreach(file IN LISTS LAOT_SUITES)
  laot_suite(${file})
endforeach()
