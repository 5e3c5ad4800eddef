# Builds with musl. Debian's musl-gcc is gcc with the headers and libraries of musl, and without any others.
include(CheckIncludeFile)
include(CheckSymbolExists)

# musl-gcc does not search the folder of the kernel's headers, because the headers of glibc are there, too.
# So links to the kernel's headers are made in the build folder, which is searched last.
check_include_file(linux/landlock.h LINED_HAS_KERNEL_HEADERS)
if(NOT LINED_HAS_KERNEL_HEADERS)
  set(kernel_headers ${PROJECT_BINARY_DIR}/kernel-headers)
  file(MAKE_DIRECTORY ${kernel_headers})
  foreach(folder linux asm asm-generic)
    find_path(LINED_KERNEL_${folder} ${folder}/types.h NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH
              PATHS /usr/include /usr/include/${CMAKE_SYSTEM_PROCESSOR}-linux-gnu)
    if(NOT LINED_KERNEL_${folder})
      message(FATAL_ERROR "lined: the kernel's headers are missing. On Debian, "
                          "scripts/install-deps.sh static installs them (linux-libc-dev)")
    endif()
    file(CREATE_LINK ${LINED_KERNEL_${folder}}/${folder} ${kernel_headers}/${folder} SYMBOLIC)
  endforeach()
  add_compile_options("SHELL:-idirafter ${kernel_headers}")
endif()

# A static lined is one file. It loads no modules, because a module would need its own C library.
if(LINED_STATIC)
  check_symbol_exists(__GLIBC__ features.h LINED_HAS_GLIBC)
  if(LINED_HAS_GLIBC)
    message(FATAL_ERROR "lined: LINED_STATIC needs musl, since glibc loads libraries to look up a user: "
                        "configure with --preset static, or with -DCMAKE_C_COMPILER=musl-gcc")
  endif()
  # musl-gcc does not know -static-pie. rcrt1.o is musl's start file for static position-independent files.
  find_file(LINED_START_FILE rcrt1.o NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH
            PATHS /usr/lib/${CMAKE_SYSTEM_PROCESSOR}-linux-musl /usr/lib/musl/lib /usr/local/musl/lib)
endif()

function(lined_link_statically target)
  if(CMAKE_C_COMPILER MATCHES "musl-gcc$" AND LINED_START_FILE)
    target_link_options(${target} PRIVATE -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text)
    target_link_libraries(${target} PRIVATE ${LINED_START_FILE})
  else()
    target_link_options(${target} PRIVATE -static-pie)
  endif()
endfunction()
