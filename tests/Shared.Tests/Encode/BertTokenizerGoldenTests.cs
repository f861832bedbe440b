using System.Text;
using System.Text.Json;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

/// <summary>Every line of every golden file, on the fast path and on the general one.</summary>
public sealed class BertTokenizerGoldenTests
{
    [Theory]
    [InlineData("uncased", 4836, false)]
    [InlineData("uncased", 4836, true)]
    [InlineData("special", 17, false)]
    [InlineData("cased", 1872, false)]
    [InlineData("cased", 1872, true)]
    [InlineData("cased-strip", 1872, false)]
    [InlineData("cased-strip", 1872, true)]
    public void Encode_ShouldEqualReference(string file, int lines, bool general)
    {
        var subject = file switch { "cased" => Golden.Cased, "cased-strip" => Golden.CasedStrip, _ => Golden.Uncased };
        var tokenizer = general ? subject.Tokenizer.WithGeneralPathOnly() : subject.Tokenizer;
        var differences = new Differences(subject);
        foreach (var line in Golden.Lines($"tokenizer-{file}.jsonl.gz"))
        {
            var ids = new int[line.Max()];
            var text = line.Text("text");
            var count = tokenizer.Encode(text, ids, out var truncated);

            differences.Compare(line.GetProperty("text").GetString()!, line.Ints("ids"), ids.AsSpan(0, count));
            Assert.Equal(tokenizer.CountTokens(text) > ids.Length - 2, truncated);
        }

        differences.AssertNone(lines);
    }

    [Fact]
    public void Tokenize_ShouldEqualReference_ForEveryCodePoint()
    {
        var differences = new Differences(Golden.Uncased);
        var ids = new int[16];
        foreach (var line in Golden.Lines("tokenizer-codepoints.jsonl.gz"))
        {
            var codePoint = line.GetProperty("cp").GetInt32();
            var count = Golden.Uncased.Tokenizer.Tokenize(Encoding.UTF8.GetBytes($"a{new Rune(codePoint)}b"), ids, out _);

            differences.Compare($"U+{codePoint:X4}", line.Ints("ids"), ids.AsSpan(0, count));
        }

        differences.AssertNone(131_325);
    }

    [Fact]
    public void EncodePair_ShouldEqualReference()
    {
        var differences = new Differences(Golden.Uncased);
        foreach (var line in Golden.Lines("tokenizer-pairs.jsonl.gz"))
        {
            var ids = new int[line.Max()];
            var segments = new int[ids.Length];
            var count = Golden.Uncased.Tokenizer.EncodePair(line.Text("a"), line.Text("b"), ids, segments, out _);

            var text = $"{line.GetProperty("a")} | {line.GetProperty("b")}";
            differences.Compare(text, line.Ints("ids"), ids.AsSpan(0, count));
            differences.CompareValues<int>(text, line.Ints("segments"), segments.AsSpan(0, count), "segments");
        }

        differences.AssertNone(729);
    }

    [Fact]
    public void Windows_ShouldEqualReference()
    {
        var differences = new Differences(Golden.Uncased);
        foreach (var line in Golden.Lines("tokenizer-windows.jsonl.gz"))
        {
            var first = line.TryGetProperty("a", out _) ? Tokens(line.Text("a")) : null;
            var tokens = Tokens(line.Text(first is null ? "text" : "b"));
            var room = line.Max() - (first is null ? 2 : first.Length + 3);
            var windows = TokenWindow.Cut(tokens.Length, room, line.GetProperty("stride").GetInt32());
            var ids = new int[line.Max()];
            var segments = new int[line.Max()];
            var expected = line.GetProperty("windows").EnumerateArray().ToArray();

            Assert.Equal(expected.Length, windows.Count);
            foreach (var (window, reference) in windows.Zip(expected))
            {
                var slice = tokens.AsSpan(window.Start, window.Length);
                var count = first is null
                    ? Golden.Uncased.Tokenizer.Assemble(slice, ids)
                    : Golden.Uncased.Tokenizer.AssemblePair(first, slice, ids, segments);
                differences.Compare($"window {window}", reference.Ints("ids"), ids.AsSpan(0, count));
                if (first is not null)
                {
                    differences.CompareValues<int>($"window {window}", reference.Ints("segments"), segments.AsSpan(0, count), "segments");
                }
            }
        }

        differences.AssertNone(Golden.Lines("tokenizer-windows.jsonl.gz").Sum(line => line.GetProperty("windows").GetArrayLength()));
    }

    [Fact]
    public void EncodeWithOffsets_ShouldEqualReference()
    {
        var differences = new Differences(Golden.Uncased);
        foreach (var line in Golden.Lines("tokenizer-offsets.jsonl.gz"))
        {
            var text = line.GetProperty("text").GetString()!;
            var ids = new int[line.Max()];
            var offsets = new TokenOffset[ids.Length];
            var count = Golden.Uncased.Tokenizer.EncodeWithOffsets(line.Text("text"), ids, offsets, out _);

            differences.Compare(text, line.Ints("ids"), ids.AsSpan(0, count));
            differences.CompareValues<TokenOffset>(text, Offsets(line, "utf8"), offsets.AsSpan(0, count), "UTF-8 offsets");
            TokenOffset.ToUtf16(line.Text("text"), offsets.AsSpan(0, count));
            differences.CompareValues<TokenOffset>(text, Offsets(line, "utf16"), offsets.AsSpan(0, count), "UTF-16 offsets");
        }

        differences.AssertNone(598);
    }

    private static TokenOffset[] Offsets(JsonElement line, string name) =>
        [.. line.GetProperty(name).EnumerateArray().Select(pair => new TokenOffset(pair[0].GetInt32(), pair[1].GetInt32()))];

    private static int[] Tokens(byte[] text)
    {
        var ids = new int[text.Length];
        return ids[..Golden.Uncased.Tokenizer.Tokenize(text, ids, out _)];
    }
}
