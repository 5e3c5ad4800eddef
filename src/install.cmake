# What is installed, in three components: lined-library (what programs need to run),
# lined-development (what they need to be built) and lined-command. Each is of use without the
# command, so the package for find_package takes the command only where it is installed.
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/lined)

install(TARGETS ${libraries} EXPORT lined-targets
        LIBRARY COMPONENT lined-library NAMELINK_COMPONENT lined-development
        ARCHIVE COMPONENT lined-development)
install(EXPORT lined-targets NAMESPACE lined:: DESTINATION ${package_folder}
        COMPONENT lined-development)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lined-config-version.cmake
                                 VERSION ${PROJECT_VERSION} COMPATIBILITY SameMajorVersion)
install(FILES src/lined-config.cmake ${PROJECT_BINARY_DIR}/lined-config-version.cmake
        DESTINATION ${package_folder} COMPONENT lined-development)
install(FILES include/lined.h TYPE INCLUDE COMPONENT lined-development)
install(FILES docs/lined.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT lined-development)

install(TARGETS lined EXPORT lined-command-targets COMPONENT lined-command)
install(EXPORT lined-command-targets NAMESPACE lined:: DESTINATION ${package_folder}
        COMPONENT lined-command)
install(FILES docs/lined.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT lined-command)
if(LINED_LOAD)
  install(TARGETS lined-load COMPONENT lined-command)
  install(FILES docs/lined-load.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT lined-command)
endif()

# lined.pc finds its neighbours wherever the folder is moved, as far as they are below the prefix.
# GNUInstallDirs allows absolute folders besides, which do not move.
set(pc_prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  file(RELATIVE_PATH pc_prefix
       ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  set(pc_prefix "\${pcfiledir}/${pc_prefix}")
endif()
foreach(folder LIBDIR INCLUDEDIR)
  set(pc_${folder} ${CMAKE_INSTALL_${folder}})
  if(NOT IS_ABSOLUTE "${pc_${folder}}")
    set(pc_${folder} "\${prefix}/${pc_${folder}}")
  endif()
endforeach()
configure_file(src/lined.pc.in lined.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/lined.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT lined-development)

# The units of systemd. The service allows the system calls of the sandbox by name.
set(syscall_table src/command/sandbox/syscall_table.c)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${syscall_table})
file(STRINGS ${syscall_table} lines REGEX "SYS_[a-z]")
string(REGEX MATCHALL "SYS_[a-z0-9_]+" SERVING_CALLS "${lines}")
list(TRANSFORM SERVING_CALLS REPLACE "^SYS_" "")
list(REMOVE_DUPLICATES SERVING_CALLS)
list(SORT SERVING_CALLS)
list(JOIN SERVING_CALLS " " SERVING_CALLS)
# cmake --install has a --prefix, so the folder of the command is known then.
set(INSTALLED_BINDIR "@INSTALLED_BINDIR@")
configure_file(src/units/lined.service.in lined.service.in @ONLY)
install(FILES src/units/lined.socket DESTINATION lib/systemd/system COMPONENT lined-command)
install(CODE "
  set(INSTALLED_BINDIR \"${CMAKE_INSTALL_BINDIR}\")
  cmake_path(ABSOLUTE_PATH INSTALLED_BINDIR BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\" NORMALIZE)
  set(unit \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system/lined.service\")
  message(STATUS \"Installing: \$ENV{DESTDIR}\${unit}\")
  configure_file(\"${PROJECT_BINARY_DIR}/lined.service.in\" \"\$ENV{DESTDIR}\${unit}\" @ONLY)
  # Not the mode of the source, which a umask of 077 makes 0600.
  file(CHMOD \"\$ENV{DESTDIR}\${unit}\" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES \"\${unit}\")"
        COMPONENT lined-command)

# Completions of the options, for three shells. The program that prints them runs while lined is built.
if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  add_executable(lined-completions src/command/completions.c)
  target_include_directories(lined-completions PRIVATE src)
  target_link_libraries(lined-completions PRIVATE lined_command lined_objects)
  foreach(shell_and_file bash:bash-completion/completions/lined zsh:zsh/site-functions/_lined
                         fish:fish/vendor_completions.d/lined.fish)
    string(REPLACE ":" ";" parts ${shell_and_file})
    list(GET parts 0 shell)
    list(GET parts 1 path)
    cmake_path(GET path PARENT_PATH folder)
    cmake_path(GET path FILENAME name)
    set(file ${PROJECT_BINARY_DIR}/completions/${shell}/${name})
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/completions/${shell})
    add_custom_command(OUTPUT ${file} COMMAND lined-completions ${shell} > ${file}
                       DEPENDS lined-completions VERBATIM)
    list(APPEND completions ${file})
    install(FILES ${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} COMPONENT lined-command)
  endforeach()
  add_custom_target(completions ALL DEPENDS ${completions})
endif()
