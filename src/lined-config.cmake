# For find_package(lined): the shared library lined::lined, the static library lined::static, and
# lined::command, the command, which a module for --worker links.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/lined-targets.cmake)
