# For find_package(lined [COMPONENTS static|command]): lined::lined is the library, the shared one where
# it is installed; lined::static the static one; lined::command the command, which a module for --handler
# links. The last two are there only where they are installed: name them as COMPONENTS to be told.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/lined-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/lined-command-targets.cmake OPTIONAL)
if(NOT TARGET lined::lined)
  add_library(lined::lined ALIAS lined::static)
endif()
foreach(component IN LISTS ${CMAKE_FIND_PACKAGE_NAME}_FIND_COMPONENTS)
  if(TARGET lined::${component})
    set(${CMAKE_FIND_PACKAGE_NAME}_${component}_FOUND TRUE)
  elseif(${CMAKE_FIND_PACKAGE_NAME}_FIND_REQUIRED_${component})
    set(${CMAKE_FIND_PACKAGE_NAME}_FOUND FALSE)
    set(${CMAKE_FIND_PACKAGE_NAME}_NOT_FOUND_MESSAGE
        "lined::${component} is not installed in ${CMAKE_CURRENT_LIST_DIR}/../../..")
  endif()
endforeach()
