#include "heed/base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "heed/base/error.h"
#include "heed/base/output_file.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

// A folder of its own for each test.
class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / (std::string("heed_base_") + test->test_suite_name() +
                                           test->name() + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  ~FolderTest() override {
    std::error_code ignored;
    fs::permissions(folder_ / "closed", fs::perms::owner_all, ignored);
    fs::remove_all(folder_, ignored);
  }

  fs::path make(const std::string& name, const std::string& content = "old\n") const {
    write_file(folder_ / name, content);
    return folder_ / name;
  }
  fs::path make_fifo(const std::string& name) const {
    EXPECT_EQ(::mkfifo((folder_ / name).c_str(), 0644), 0);
    return folder_ / name;
  }
  // No temporary file is left.
  std::ptrdiff_t entries() const { return std::distance(fs::directory_iterator(folder_), {}); }

  fs::path folder_;
};

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input_output) << error.what();
    return error.what();
  }
  return "no error";
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status.st_mode;
}

using FilesTest = FolderTest;

TEST_F(FilesTest, OnlyRegularFilesAreReadAsAWhole) {
  const fs::path fifo = make_fifo("fifo");  // nobody writes: opening it would wait
  for (const fs::path& path : {fifo, fs::path("/dev/zero"), fs::path("/dev/null")}) {
    EXPECT_THAT(refusal([&] { read_file(path); }), HasSubstr(path.string() + ": is no regular"));
    EXPECT_THAT(refusal([&] { MappedFile{path}; }), HasSubstr(path.string() + ": is no regular"));
    EXPECT_THAT(refusal([&] { check_file_to_hold(path); }), HasSubstr(": is no regular"));
  }
  EXPECT_EQ(read_file(make("a")), "old\n");
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const std::string name = "/dev/fd/" + std::to_string(ends[0]);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(::write(ends[1], "piped\n", 6), 6);
    ::close(ends[1]);
  });
  EXPECT_EQ(read_file(name), "piped\n") << "waits for who writes";
  writer.join();
  ::close(ends[0]);
  check_file_to_hold(folder_ / "a");
  check_file_to_hold("/dev/stdin");
  check_file_to_hold(folder_ / "missing");
}

TEST_F(FilesTest, SaysInItsOwnWordsWhatTheSystemRefuses) {
  fs::create_symlink("loop", folder_ / "loop");
  EXPECT_THAT(refusal([&] { path_exists(folder_ / "loop"); }), HasSubstr("loop: cannot open: Too"));
  EXPECT_THAT(refusal([&] { read_file(folder_ / "loop"); }), HasSubstr("loop: cannot open: Too"));
  make("file");
  EXPECT_THAT(refusal([&] { make_directory(folder_ / "file" / "x"); }),
              HasSubstr("file/x: cannot create: "));
  EXPECT_THAT(refusal([&] { make_directory(folder_ / "file"); }), HasSubstr("file: "));
  EXPECT_THAT(refusal([&] { remove_tree(folder_ / "file" / "x"); }),
              HasSubstr("file/x: cannot remove: Not a directory"));
  EXPECT_TRUE(path_exists(folder_ / "file"));
  EXPECT_FALSE(path_exists(folder_ / "none"));
  make_directory(folder_ / "a" / "b");
  make_directory(folder_ / "a" / "b");
  remove_tree(folder_ / "a");
  EXPECT_FALSE(path_exists(folder_ / "a"));
}

using OutputFileTest = FolderTest;

TEST_F(OutputFileTest, MakesAFileAndReplacesOneWithItsMode) {
  const fs::path made = folder_ / "made";
  const OutputFile output(made);
  EXPECT_FALSE(fs::exists(made)) << "nothing is made before there is something to write";
  output.write("one\n");
  EXPECT_EQ(read_file(made), "one\n");
  for (const mode_t mode : {0600u, 0640u, 0755u, 0222u}) {
    const fs::path path = make("m" + std::to_string(mode));
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    struct stat before {
    }, after{};
    ASSERT_EQ(::stat(path.c_str(), &before), 0);
    OutputFile(path).write("new\n");
    ASSERT_EQ(::stat(path.c_str(), &after), 0);
    EXPECT_EQ(after.st_mode & 07777, mode);
    EXPECT_NE(after.st_ino, before.st_ino) << "replaced, not written over";
    EXPECT_EQ(after.st_uid, before.st_uid);
    EXPECT_EQ(after.st_size, 4);
  }
  EXPECT_EQ(entries(), 5);
}

TEST_F(OutputFileTest, FollowsLinks) {
  make("file");
  fs::create_directory(folder_ / "sub");
  fs::create_symlink("../file", folder_ / "sub" / "relative");
  fs::create_symlink(folder_ / "sub" / "relative", folder_ / "two");
  OutputFile(folder_ / "two").write("new\n");
  EXPECT_EQ(read_file(folder_ / "file"), "new\n");
  EXPECT_TRUE(S_ISLNK(mode_of(folder_ / "two")));
  EXPECT_TRUE(S_ISLNK(mode_of(folder_ / "sub" / "relative")));
  fs::create_symlink("sub/dangling", folder_ / "nowhere");
  OutputFile(folder_ / "nowhere").write("made\n");
  EXPECT_EQ(read_file(folder_ / "sub" / "dangling"), "made\n");
  EXPECT_TRUE(S_ISLNK(mode_of(folder_ / "nowhere")));
  fs::create_symlink("loop", folder_ / "loop");
  EXPECT_THAT(refusal([&] { OutputFile(folder_ / "loop"); }), HasSubstr("lead back to themselves"));
}

TEST_F(OutputFileTest, WritesToWhatIsNoRegularFile) {
  const fs::path fifo = make_fifo("fifo");
  const OutputFile output(fifo);  // nobody reads yet
  std::string got;
  std::thread reader([&] {
    const int descriptor = ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC);
    char buffer[100];
    for (ssize_t count = 0; (count = ::read(descriptor, buffer, sizeof buffer)) > 0;) {
      got.append(buffer, static_cast<std::size_t>(count));
    }
    ::close(descriptor);
  });
  output.write("through\n");
  reader.join();
  EXPECT_EQ(got, "through\n");
  EXPECT_TRUE(S_ISFIFO(mode_of(fifo)));
  OutputFile("/dev/null").write("gone\n");
  EXPECT_TRUE(S_ISCHR(mode_of("/dev/null")));
  EXPECT_THAT(refusal([] { OutputFile("/dev/full").write("x"); }),
              HasSubstr("/dev/full: cannot write: No space left"));
}

TEST_F(OutputFileTest, WritesToDescriptorsWhereTheyStand) {
  const fs::path path = make("file", "");
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::write(descriptor, "before\n", 7), 7);
  const std::string name = "/dev/fd/" + std::to_string(descriptor);
  fs::create_symlink(name, folder_ / "link");
  OutputFile(name).write("one\n");
  OutputFile(folder_ / "link").write("two\n");
  OutputFile("/proc/self/fd/" + std::to_string(descriptor)).write("three\n");
  EXPECT_EQ(read_file(path), "before\none\ntwo\nthree\n");
  ::close(descriptor);
  EXPECT_THAT(refusal([&] { OutputFile{name}; }), EndsWith(": is not open for writing"));
  const int reading = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_THAT(refusal([&] { OutputFile("/dev/fd/" + std::to_string(reading)); }),
              EndsWith(": is not open for writing"));
  ::close(reading);
}

TEST_F(OutputFileTest, RefusesAtOnceWhatCannotBeWritten) {
  EXPECT_THAT(refusal([&] { OutputFile{folder_}; }), EndsWith(": is a directory, expected a file"));
  EXPECT_THAT(refusal([&] { OutputFile(folder_ / "none" / "x"); }),
              HasSubstr("x: there is no directory "));
  EXPECT_THAT(refusal([&] { OutputFile(make("file") / "x"); }), HasSubstr("file/x: cannot open"));
  EXPECT_THAT(refusal([&] { check_output_directory(folder_ / "file"); }),
              HasSubstr("file is no directory"));
  EXPECT_THAT(refusal([&] { check_output_directory(folder_ / "file" / "x"); }),
              HasSubstr("file/x: cannot create: "));
  check_output_directory(folder_ / "new" / "deep");
  check_output_directory(folder_);
  EXPECT_FALSE(fs::exists(folder_ / "new"));
}

// Runs the action as a user without rights, who finds closed what is closed; 0 when it returned.
int as_nobody(const std::function<void()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
      ::_exit(100);
    }
    try {
      action();
    } catch (const Error& error) {
      ::_exit(exit_code(error.kind()));
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(OutputFileTest, WritesOverAFileWhoseFolderIsClosed) {
  fs::create_directory(folder_ / "closed");
  const fs::path open = make("closed/open"), shut = make("closed/shut");
  ASSERT_EQ(::chmod(open.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(shut.c_str(), 0444), 0);
  ASSERT_EQ(::chmod((folder_ / "closed").c_str(), 0555), 0);
  EXPECT_EQ(as_nobody([&] { OutputFile(open).write("new\n"); }), 0);
  EXPECT_EQ(read_file(open), "new\n");
  EXPECT_EQ(as_nobody([&] { OutputFile{shut}; }), 74);
  EXPECT_EQ(as_nobody([&] { OutputFile(folder_ / "closed" / "new"); }), 74);
  EXPECT_EQ(as_nobody([&] { check_output_directory(folder_ / "closed"); }), 74);
  EXPECT_EQ(as_nobody([&] { check_output_directory(folder_ / "closed" / "new"); }), 74);
  EXPECT_EQ(read_file(shut), "old\n");
}

TEST_F(OutputFileTest, WritesOverAFileThatAStickyFolderKeeps) {
  fs::create_directory(folder_ / "closed");
  const fs::path path = make("closed/file");
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  ASSERT_EQ(::chmod((folder_ / "closed").c_str(), 01777), 0);
  EXPECT_EQ(as_nobody([&] { OutputFile(path).write("new\n"); }), 0);
  EXPECT_EQ(read_file(path), "new\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "closed"), {}), 1);
}

}  // namespace
}  // namespace heed
