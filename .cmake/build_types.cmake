# SPDX-License-Identifier: Apache-2.0
# Debug, Release, Asan, Tsan, Fuzz, Coverage: what each means, for gcc and clang.
set(SALLYPORT_BUILD_TYPES Debug Release Asan Tsan Fuzz Coverage)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "${SALLYPORT_BUILD_TYPES}" FORCE)
endif()
if(NOT CMAKE_BUILD_TYPE IN_LIST SALLYPORT_BUILD_TYPES)
  message(FATAL_ERROR "CMAKE_BUILD_TYPE is ${CMAKE_BUILD_TYPE}; known: ${SALLYPORT_BUILD_TYPES}")
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Fuzz" AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "the Fuzz build needs clang: CC=clang cmake -DCMAKE_BUILD_TYPE=Fuzz ...")
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

set(CMAKE_C_FLAGS_DEBUG "-Og -g3")
set(hardened "-D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection")
set(strict "-fno-sanitize-recover=all -fno-omit-frame-pointer")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g ${hardened}")
set(CMAKE_C_FLAGS_ASAN "-O1 -g -fsanitize=address,undefined ${strict}")
set(CMAKE_C_FLAGS_TSAN "-O1 -g -fsanitize=thread -fno-omit-frame-pointer")
set(CMAKE_C_FLAGS_FUZZ "-O1 -g -fsanitize=fuzzer-no-link,address,undefined ${strict}")
set(CMAKE_C_FLAGS_COVERAGE "-O0 -g --coverage")

add_compile_definitions(_DEFAULT_SOURCE _POSIX_C_SOURCE=200809L)
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wswitch-enum -Wundef
  -Wconversion -Wno-sign-conversion -Wformat=2 -fno-common -fvisibility=hidden)
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack -pie)
include_directories(${CMAKE_SOURCE_DIR})
