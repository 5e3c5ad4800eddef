# Run by cpack on the staged files of each package, see package.cmake.

# The text of the license, without its title and years, as a field: each line is indented.
file(READ ${CPACK_LINED_FOLDER}/../../LICENSE license)
string(FIND "${license}" "Permission is hereby granted" begin)
string(SUBSTRING "${license}" ${begin} -1 license)
string(STRIP "${license}" license)
string(REGEX REPLACE "\n\n" "\n.\n" license "${license}")
string(REGEX REPLACE "\n" "\n " license " ${license}")

set(stage ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
foreach(name component IN ZIP_LISTS CPACK_LINED_PACKAGES CPACK_LINED_COMPONENTS)
  set(folder ${stage}/${component}/usr/share/doc/${name})
  configure_file(${CPACK_LINED_FOLDER}/copyright.in ${folder}/copyright @ONLY)
  configure_file(${CPACK_LINED_FOLDER}/changelog.in ${folder}/changelog.Debian @ONLY)
endforeach()
# A configuration file, which is outside of the prefix /usr.
configure_file(${CPACK_LINED_FOLDER}/logrotate ${stage}/lined-command/etc/logrotate.d/lined COPYONLY)
file(CHMOD ${stage}/lined-command/etc/logrotate.d/lined PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

# The folder in which Debian's zsh looks.
file(MAKE_DIRECTORY ${stage}/lined-command/usr/share/zsh/vendor-completions)
file(RENAME ${stage}/lined-command/usr/share/zsh/site-functions/_lined
     ${stage}/lined-command/usr/share/zsh/vendor-completions/_lined)
file(REMOVE_RECURSE ${stage}/lined-command/usr/share/zsh/site-functions)

file(GLOB_RECURSE texts ${stage}/*/usr/share/man/*.[0-9] ${stage}/*/changelog.Debian)
file(GLOB_RECURSE copyrights ${stage}/*/copyright)
foreach(text ${texts} ${copyrights})
  file(CHMOD ${text} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endforeach()
foreach(text ${texts})
  execute_process(COMMAND gzip -9n ${text} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
