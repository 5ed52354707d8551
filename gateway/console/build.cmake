# SPDX-License-Identifier: Apache-2.0
# cmake -DSOURCE=gateway/console -DOUTPUT=folder -DNODE=node -DNPM=npm -DIS_ASKED_FOR=ON|AUTO
#   -P build.cmake: install what the lock file names, if it is not there, and build assets.bin and
# assets_rows.c into the folder. What cannot be installed (no network) ends a build only if the
# console was asked for (ON); else the gateway goes without it.
set(stamp ${SOURCE}/node_modules/.installed-for)
set(lock ${SOURCE}/package-lock.json)

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${SOURCE}
    RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "console: ${command}\n${said}")
  endif()
endfunction()

file(LOCK ${SOURCE}/.building GUARD PROCESS TIMEOUT 600) # build folders share node_modules
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${lock} ${stamp}
  RESULT_VARIABLE is_other OUTPUT_QUIET ERROR_QUIET)
if(is_other)
  execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund
    WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(status EQUAL 0)
    file(COPY_FILE ${lock} ${stamp})
  elseif(IS_ASKED_FOR STREQUAL "ON")
    message(FATAL_ERROR "console: npm ci\n${said}")
  else()
    message(WARNING "the web console is left out, as npm ci has failed:\n${said}")
    file(WRITE ${OUTPUT}/assets.bin "-")
    file(COPY_FILE ${SOURCE}/assets_none.c ${OUTPUT}/assets_rows.c)
    return()
  endif()
endif()
run(${NODE} scripts/api.mjs)
run(${NODE} node_modules/typescript/bin/tsc --noEmit)
run(${NODE} node_modules/vite/bin/vite.js build --logLevel warn --outDir ${OUTPUT}/dist
  --emptyOutDir)
run(${NODE} scripts/pack.mjs ${OUTPUT}/dist ${OUTPUT}/assets.bin ${OUTPUT}/assets_rows.c)
