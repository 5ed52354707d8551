# SPDX-License-Identifier: Apache-2.0

# sallyport_library(NAME SOURCES a.c ... LINKS x y): a static library; what it links is what
# it may use, and passes on to whoever links it.
function(sallyport_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS})
endfunction()

# sallyport_program(NAME SOURCES a.c ... LINKS x y): an executable in build/bin.
function(sallyport_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS})
endfunction()

# sallyport_unit_test(NAME SOURCES a.c ... LINKS x y): a cmocka program, label "unit". It runs in
# the source folder's tests/ so that fixtures are found as data/...; SALLYPORT_SHARED names the
# folder of foreign data, where there is one.
function(sallyport_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} PkgConfig::CMOCKA)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT ${SALLYPORT_TEST_SECONDS}
    ENVIRONMENT "SALLYPORT_SHARED=${SALLYPORT_SHARED}")
endfunction()

# sallyport_fuzz_target(NAME SOURCE f.c CORPUS dir LINKS x y): LLVMFuzzerTestOneInput. In a Fuzz
# build a libFuzzer program; in every other build linked with tests/fuzz/replay.c, which runs the
# corpus once (label "fuzz").
function(sallyport_fuzz_target name)
  cmake_parse_arguments(ARG "" "SOURCE;CORPUS" "LINKS" ${ARGN})
  if(CMAKE_BUILD_TYPE STREQUAL "Fuzz")
    add_executable(${name} ${ARG_SOURCE})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  else()
    add_executable(${name} ${ARG_SOURCE} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LINKS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name} ${ARG_CORPUS}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/fuzz)
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT ${SALLYPORT_TEST_SECONDS})
  if(CMAKE_BUILD_TYPE STREQUAL "Fuzz")
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "ASAN_OPTIONS=allocator_may_return_null=1")
  endif()
endfunction()
