# Sets commit to the commit of the sources, which --version prints; "unknown" in a tarball. The build is
# configured again after each commit.
set(commit unknown)
find_program(LINED_GIT git)
mark_as_advanced(LINED_GIT)
function(ask_git result)
  execute_process(COMMAND ${LINED_GIT} -C ${PROJECT_SOURCE_DIR} ${ARGN} OUTPUT_VARIABLE answer
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    set(answer unknown)
  endif()
  set(${result} "${answer}" PARENT_SCOPE)
endfunction()
if(LINED_GIT AND EXISTS ${PROJECT_SOURCE_DIR}/.git) # not of a repository around the sources
  ask_git(commit describe --always --abbrev=12)
  ask_git(log rev-parse --git-path logs/HEAD)
  cmake_path(ABSOLUTE_PATH log BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(EXISTS ${log})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${log})
  endif()
endif()
