using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

public sealed class CharMapTests
{
    [Fact]
    public void CharMap_ShouldTakeEveryCodePoint_WithEverySetting()
    {
        foreach (var (lower, strip, split) in from l in Both from s in Both from c in Both select (l, s, c))
        {
            var map = new CharMap(new TokenizerSettings { LowerCase = lower, StripAccents = strip, SplitCjk = split });

            Assert.Equal(CharKind.Removed, map[0xFFFD].Kind);
            Assert.Equal(split ? CharKind.Isolated : CharKind.Word, map[0x4E2D].Kind);
            Assert.Equal(strip ? CharKind.Hangul : CharKind.Word, map[0xD55C].Kind);
            Assert.Equal(strip ? CharKind.Removed : CharKind.Word, map[0x0301].Kind);
            Assert.Equal(new CharEntry(CharKind.Word, lower ? 'q' : 0), map['Q']);
            Assert.Equal(new CharEntry(CharKind.Word), map[0x10FFFF]);
        }
    }

    [Fact]
    public void CharMap_ShouldDecomposeBeforeItSplits()
    {
        var map = new CharMap(new TokenizerSettings());

        Assert.Equal(new CharEntry(CharKind.Isolated, '<'), map[0x226E]);
        Assert.Equal(new CharEntry(CharKind.Isolated, ';'), map[0x037E]);
        Assert.Equal(new CharEntry(CharKind.Isolated, 0x8C48), map[0xF900]);
        Assert.Equal([new CharPart(0x1D157, 0, false), new CharPart(0x1D165, 216, false)], map.Parts(map[0x1D15E]).ToArray());
    }

    private static bool[] Both => [false, true];
}
