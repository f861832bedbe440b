using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using StreamScorer.Demo;

namespace StreamScorer.Tests.Demo;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("\e[2J\e[31mred", "·[2J·[31mred")] // clears the screen, colours
    [InlineData("\e]0;title\a", "·]0;title·")] // sets the window title
    [InlineData("\e]8;;http://x\e\\link", "·]8;;http://x·\\link")] // opens a link
    [InlineData("\u009b31mC1", "·31mC1")] // the one-character form of ESC [
    [InlineData("a\bb\u007fc\0d", "a·b·c·d")]
    [InlineData("one\r\ntwo\tthree\u2028four\u0085five", "one two three four five")]
    [InlineData("\u202Egnp.exe\u202C \u2066x\u2069", "·gnp.exe· ·x·")] // direction overrides and isolates
    [InlineData("in\u200Bvisible\uFEFF \U000E0041", "in·visible· ·")]
    [InlineData("\uE000 private", "· private")]
    [InlineData("zalgo\u0300\u0301\u0302\u0303\u0304!", "zalgo\u0300\u0301!")]
    [InlineData("heart \u2764\uFE0F", "heart \u2764")]
    [InlineData("   a   b   ", "a b")]
    [InlineData("[red]markup[/] [[x]]", "[red]markup[/] [[x]]")]
    [InlineData("naïve привет \U0001F600 日本", "naïve привет \U0001F600 日本")]
    public void Clean_ShouldKeepWhatIsReadAndReplaceWhatActs(string text, string expected) => Assert.Equal(expected, TerminalText.Clean(text));

    [Fact]
    public void Clean_ShouldReplaceHalfASurrogatePair() => Assert.Equal("a\uFFFDb", TerminalText.Clean("a" + (char)0xD83D + "b"));

    [Fact]
    public void Clean_ShouldCutAndSaySo_WhenTheTextIsLong()
    {
        Assert.Equal("abcde", TerminalText.Clean("abcde", 5));
        Assert.Equal("abcde…", TerminalText.Clean("abcdef", 5));
        Assert.Equal(201, TerminalText.Clean(new string('a', 1_000_000)).Length);
    }

    [Fact]
    public void Clean_ShouldLeaveNothingThatActs_WhateverTheText()
        => Prop.ForAll(
            Gen.Choose(0, 0x10FFFF).Select(code => code is >= 0xD800 and <= 0xDFFF ? ((char)code).ToString() : char.ConvertFromUtf32(code)).ListOf().Select(string.Concat).ToArbitrary(),
            text => TerminalText.Clean(text).All(c => char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Clean_ShouldPassNoControlOrFormatCharacter_OfAllThereAre()
    {
        for (var code = 0; code < 0x20000; code++)
        {
            if (code is < 0xD800 or > 0xDFFF && CharUnicodeInfo.GetUnicodeCategory(code) is UnicodeCategory.Control or UnicodeCategory.Format)
            {
                Assert.Contains(TerminalText.Clean($"a{char.ConvertFromUtf32(code)}b"), (string[])["a·b", "a b"]);
            }
        }
    }
}
