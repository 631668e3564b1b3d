#include "cli/manual/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/manual/help_text.h"
#include "cli/manual/man_page.h"

namespace mts::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ManualTest : public testing::Test {
 protected:
  ManualTest() : app_("A stream\n\nIt streams.", "stream") {
    app_.require_subcommand(1);
    CLI::App* const pub = app_.add_subcommand("pub", "Publish");
    pub->add_option("SUBJECT", subject_, "Where to")->required()->option_text("SUBJECT");
    pub->add_option("TEXT", text_, "What")->option_text("TEXT");
    pub->add_option("-o,--format", format_, "How")->option_text("table|json");
    pub->add_option("--file", file_, "A file")->option_text("PATH")->envname("STREAM_FILE");
    pub->add_flag("--lines", lines_, "Lines");
    pub->add_flag("--secret-flag", lines_, "Hidden")->group("");
    pub->footer("Examples:\n  stream pub a 'b'\n  .dot \\ -x\n\nExit codes:\n  0  always");
    CLI::App* const context = app_.add_subcommand("context", "Contexts");
    context->require_subcommand(1);
    context->add_subcommand("use", "Use one")->add_option("NAME", text_, "Which")->option_text("CONTEXT");
    context->add_subcommand("add", "Add one");
    program_ = Describe(app_, "stream");
  }

  std::vector<std::string> Texts(const std::vector<std::string>& words) {
    std::vector<std::string> texts;
    for (const Candidate& candidate : Complete(program_, words).candidates) texts.push_back(candidate.text);
    return texts;
  }
  ValueSource Source(const std::vector<std::string>& words) { return Complete(program_, words).values; }

  CLI::App app_;
  std::string subject_, text_, format_, file_;
  bool lines_ = false;
  CommandDescription program_;
};

TEST(ParseBlocksTest, AHeadingMayStandAtTheEndOfAParagraph) {
  const auto blocks = ParseBlocks("One. Two.\nThree. Examples:\n  a\n   b\n\nLast.\n  c");
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(blocks[0].paragraph, "One. Two. Three.");
  EXPECT_EQ(blocks[1].heading, "Examples");
  EXPECT_THAT(blocks[1].lines, ElementsAre("a", " b"));
  EXPECT_EQ(blocks[2].paragraph, "Last.");
  EXPECT_EQ(blocks[3].heading, "");
  EXPECT_THAT(blocks[3].lines, ElementsAre("c"));
}

TEST_F(ManualTest, CommandsAreCompletedAtEachDepth) {
  EXPECT_THAT(Texts({""}), ElementsAre("pub", "context"));
  EXPECT_THAT(Texts({"p"}), ElementsAre("pub"));
  EXPECT_THAT(Texts({"context", ""}), ElementsAre("use", "add"));
  EXPECT_THAT(Texts({"nothing", ""}), IsEmpty());
}

TEST_F(ManualTest, OptionsOfTheCommandAreCompletedButNotHiddenOnes) {
  EXPECT_THAT(Texts({"pub", "--"}), ElementsAre("--help", "--format", "--file", "--lines"));
  EXPECT_THAT(Texts({"pub", "subject", "--fi"}), ElementsAre("--file"));
  EXPECT_THAT(Texts({"pub", "--", "--fi"}), IsEmpty());
}

TEST_F(ManualTest, ValuesFollowFromTheirPlaceholders) {
  EXPECT_THAT(Texts({"pub", "-o", ""}), ElementsAre("table", "json"));
  EXPECT_THAT(Texts({"pub", "--format=j"}), ElementsAre("--format=json"));
  EXPECT_EQ(Source({"pub", "--file", ""}), ValueSource::kFiles);
  EXPECT_EQ(Source({"pub", "--file=x"}), ValueSource::kFiles);
  EXPECT_EQ(Source({"pub", ""}), ValueSource::kSubjects);
  EXPECT_EQ(Source({"pub", "-o", "json", "--lines", ""}), ValueSource::kSubjects);
  EXPECT_EQ(Source({"pub", "-ojson", "subject", ""}), ValueSource::kNone);
  EXPECT_EQ(Source({"context", "use", ""}), ValueSource::kContexts);
}

TEST_F(ManualTest, OptionsGivenBeforeAreKnown) {
  EXPECT_EQ(Complete(program_, {"pub", "--file", "a", ""}).given.at("file"), "a");
  EXPECT_EQ(Complete(program_, {"pub", "--file=b", ""}).given.at("file"), "b");
}

TEST_F(ManualTest, HelpHasEverythingWithinTheWidth) {
  const std::string help = HelpText(program_.commands[0], 60, /*colour=*/false);
  EXPECT_THAT(help, HasSubstr("Usage: stream pub [OPTIONS] SUBJECT [TEXT]\n"));
  EXPECT_THAT(help, HasSubstr("  -o, --format table|json   How\n"));
  EXPECT_THAT(help, HasSubstr("Examples:\n  stream pub a 'b'\n"));
  EXPECT_THAT(help, HasSubstr("Exit codes:\n  0  always\n"));
  EXPECT_THAT(help, Not(HasSubstr("130")));  // it has codes of its own
  EXPECT_THAT(HelpText(program_, 60, false), HasSubstr("  130  interrupted (Ctrl-C)\n"));
  EXPECT_EQ(Wrapped("aa bb cc", 2, 7), "aa bb\n  cc");
}

TEST_F(ManualTest, TheManualPageEscapesWhatTroffWouldTake) {
  const std::string page = ManPage(program_, "1.2");
  EXPECT_THAT(page, HasSubstr(".TH MINITOOLSTREAM 1 \"\" \"minitoolstream 1.2\" \"User Commands\"\n"));
  EXPECT_THAT(page, HasSubstr("\n\\&.dot \\e \\-x\n"));
  EXPECT_THAT(page, HasSubstr("stream pub a \\(aqb\\(aq"));
  EXPECT_THAT(page, HasSubstr("\\fBSTREAM_FILE\\fR"));
  EXPECT_THAT(page, HasSubstr(".SS \"stream context use [OPTIONS] [NAME]\""));
}

TEST_F(ManualTest, EveryShellHasItsScript) {
  for (const char* shell : {"bash", "zsh", "fish"}) EXPECT_THAT(CompletionScript(shell), HasSubstr("__complete"));
  EXPECT_EQ(CompletionScript("tcsh"), "");
}

}  // namespace
}  // namespace mts::cli
