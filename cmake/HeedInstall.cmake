# What `cmake --install` puts where: the command with its manual and completions, the library with
# its headers, and what find_package and pkg-config need to find it.
include(CMakePackageConfigHelpers)

# The library, as an archive and shared. An export for each: a user of the shared one needs no other
# package.
include(HeedHeaders)
install(TARGETS heed EXPORT heedTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS heed_shared EXPORT heedSharedTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(header ${HEED_PUBLIC_HEADERS})
  get_filename_component(folder heed/${header} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/heed/${header}
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder})
endforeach()

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/heed)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/heedConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/heedConfig.cmake INSTALL_DESTINATION ${package_directory})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/heedConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(EXPORT heedTargets NAMESPACE heed:: DESTINATION ${package_directory})
install(EXPORT heedSharedTargets NAMESPACE heed:: DESTINATION ${package_directory})
install(FILES ${PROJECT_BINARY_DIR}/package/heedConfig.cmake
  ${PROJECT_BINARY_DIR}/package/heedConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindDNNL.cmake DESTINATION ${package_directory})

# heed.pc finds its prefix from where it lies, so that the whole tree may be moved.
file(RELATIVE_PATH HEED_PREFIX_FROM_PKGCONFIG
  /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" HEED_PREFIX_FROM_PKGCONFIG "${HEED_PREFIX_FROM_PKGCONFIG}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/heed.pc.in ${PROJECT_BINARY_DIR}/package/heed.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/heed.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The command writes its own manual and completions.
install(TARGETS heed_application RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
set(texts ${PROJECT_BINARY_DIR}/package/share)
add_custom_command(
  OUTPUT ${texts}/written
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${texts}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${texts}
  COMMAND heed_application man ${texts}/man
  COMMAND heed_application completion bash > ${texts}/heed
  COMMAND heed_application completion zsh > ${texts}/_heed
  COMMAND heed_application completion fish > ${texts}/heed.fish
  COMMAND ${CMAKE_COMMAND} -E touch ${texts}/written
  DEPENDS heed_application COMMENT "Writing the manual and completions" VERBATIM)
add_custom_target(command ALL DEPENDS ${texts}/written)
install(DIRECTORY ${texts}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${texts}/heed DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${texts}/_heed DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${texts}/heed.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
