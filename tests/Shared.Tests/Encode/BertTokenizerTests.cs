using System.Diagnostics;
using System.Text;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

public sealed class BertTokenizerTests
{
    private const int Megabyte = 1 << 20;

    private static readonly BertTokenizer Tokenizer = Golden.Uncased.Tokenizer;

    public static TheoryData<string, int, int> Hostile => new()
    {
        // what is repeated, tokens of all that, bytes of what is repeated
        { "a", 1, 1 },
        { "é", 1, 2 },
        { "\u0301", 0, 2 },
        { "e\u0301\u0323", 1, 5 },
        { "\u302E\u0323", 1, 5 },
        { "\U0001D165\u302F", 1, 7 },
        { "\0", 0, 1 },
        { "\u200B", 0, 3 },
        { " ", 0, 1 },
        { "가", 1, 3 },
        { "😀", 1, 4 },
        { "\uFFFD", 0, 3 },
        { "中", Megabyte / 3, 3 },
        { "!", Megabyte, 1 },
        { "a ", Megabyte / 2, 2 },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Encode_ShouldStayLinear_WhenAMegabyteIsHostile(string unit, int tokens, int bytes)
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, Megabyte / bytes)));
        var ids = new int[256];
        var started = Stopwatch.GetTimestamp();

        var count = Tokenizer.Encode(text, ids, out var truncated);

        Assert.Equal(tokens, Tokenizer.CountTokens(text));
        Assert.Equal(Math.Min(tokens, 254) + 2, count);
        Assert.Equal(tokens > 254, truncated);
        // Some milliseconds when linear, many minutes when quadratic.
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 5);
    }

    [Fact]
    public void Encode_ShouldTellTruncation_OnlyWhenAnotherTokenFollows()
    {
        var ids = new int[4];

        Assert.Equal(4, Tokenizer.Encode("good day \u0301\0 \u200B"u8, ids, out var truncated));
        Assert.False(truncated);
        Assert.Equal(4, Tokenizer.Encode("good day \u0301\0 \u200B."u8, ids, out truncated));
        Assert.True(truncated);
    }

    [Theory]
    [InlineData("A plain post, with punctuation & 123 numbers!!! unaffable antidisestablishmentarianism")]
    [InlineData("Ünïcödé — “quotes”, 日本語 가각힣 привет 😀 \u0323\u0301\u302E ≮ ﬁ İ")]
    public void Encode_ShouldAllocateNothing(string post)
    {
        var text = Encoding.UTF8.GetBytes(post);
        var (ids, segments) = (new int[32], new int[32]);
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            // The first round compiles; and a collection that another test causes charges this thread for the rest of its
            // allocation buffer. What really allocates does so in every round.
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
            {
                Tokenizer.Encode(text, ids, out _);
                Tokenizer.EncodePair(text, text, ids, segments, out _);
                Tokenizer.CountTokens(text);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void Encode_ShouldServeManyThreads()
    {
        var lines = Golden.Lines("tokenizer-uncased.jsonl.gz")
            .Select(line => (Text: line.Text("text"), Max: line.Max(), Ids: line.Ints("ids"))).ToArray();

        var wrong = lines.AsParallel().WithDegreeOfParallelism(8).Count(line =>
        {
            var ids = new int[line.Max];
            return !ids.AsSpan(0, Tokenizer.Encode(line.Text, ids, out _)).SequenceEqual(line.Ids);
        });

        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Encode_ShouldRefuseLimits_WithoutRoomForControlTokens()
    {
        Assert.Throws<ArgumentException>(() => Tokenizer.Encode("a"u8, new int[1], out _));
        Assert.Throws<ArgumentException>(() => Tokenizer.EncodePair("a"u8, "b"u8, new int[2], new int[2], out _));
        Assert.Throws<ArgumentException>(() => Tokenizer.EncodePair("a"u8, "b"u8, new int[8], new int[7], out _));
        Assert.Throws<ArgumentException>(() => Tokenizer.EncodeWithOffsets("a"u8, new int[8], new TokenOffset[7], out _));
    }

    [Fact]
    public void Tokenize_ShouldNeverGiveMoreTokensThanBytes()
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var tokenizer in new[] { Golden.Uncased.Tokenizer, Golden.Cased.Tokenizer, Golden.CasedStrip.Tokenizer })
        {
            for (var c = 0; c <= 0x10FFFF; c++)
            {
                if (Rune.TryCreate(c, out var rune))
                {
                    var text = bytes[..rune.EncodeToUtf8(bytes)];
                    Assert.True(tokenizer.CountTokens(text) <= text.Length, $"U+{c:X4}");
                }
            }
        }
    }
}
