# Packages for Debian, by cpack -G DEB (scripts/package.sh): lined (the command), liblined-dev, and
# the library, which has the number of its SONAME in the name of the package.
set(CPACK_PACKAGE_NAME lined)
set(CPACK_PACKAGE_CONTACT "lined maintainers <lined@packages.debian.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "TCP line server, and library to build line services")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL lined-command lined-library lined-development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 0upstream1) # less than 1, with which a package of Debian's own begins
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(library_package liblined${PROJECT_VERSION_MAJOR})

# The lines of the text have fewer than 80 columns.
macro(describe_package component name section text)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${text}")
  list(APPEND package_names ${name})
  list(APPEND package_components ${component})
endmacro()
describe_package(lined-command lined net
"lined answers each line that a client sends. An acceptor thread gives each
connection to a worker thread of its own. It has a chat and a key-value store
for Redis clients, runs handlers from modules, and gives up files and most
system calls while it serves.")
describe_package(lined-library ${library_package} libs
"liblined receives lines in a thread for each connection, and passes them to
the callbacks of a program. This package has the shared library.")
describe_package(lined-development liblined-dev libdevel
"liblined receives lines in a thread for each connection, and passes them to
the callbacks of a program. This package has the header, the static library,
and the files for CMake and pkg-config.")
set(CPACK_DEBIAN_LINED-COMMAND_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/src/package/postinst ${PROJECT_SOURCE_DIR}/src/package/prerm
    ${PROJECT_SOURCE_DIR}/src/package/postrm ${PROJECT_SOURCE_DIR}/src/package/conffiles)
set(CPACK_DEBIAN_LINED-COMMAND_PACKAGE_SUGGESTS logrotate)
# Debian runs ldconfig by a trigger.
set(CPACK_DEBIAN_LINED-LIBRARY_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/src/package/triggers)
set(CPACK_DEBIAN_LINED-DEVELOPMENT_PACKAGE_DEPENDS "${library_package} (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")

# Debian's policy: a copyright and a changelog for each package, and compressed manual pages.
set(CPACK_LINED_FOLDER ${PROJECT_SOURCE_DIR}/src/package)
set(CPACK_LINED_PACKAGES ${package_names})
set(CPACK_LINED_COMPONENTS ${package_components})
set(CPACK_PRE_BUILD_SCRIPTS ${CPACK_LINED_FOLDER}/documents.cmake)
include(CPack)
