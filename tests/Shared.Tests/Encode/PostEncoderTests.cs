using System.Text;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

public sealed class PostEncoderTests
{
    private static readonly BertTokenizer Tokenizer = Golden.Uncased.Tokenizer;

    private static readonly byte[] Long = Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Range(0, 100).Select(i => i % 3 == 0 ? $"unaffable{i}" : "day")));

    [Fact]
    public void Encode_ShouldGiveWhatTheTokenizerGives_WhenTheTextFits()
    {
        var encoded = Encode("good day, [SEP]"u8, 16, new SegmentSettings());

        var ids = new int[16];
        Assert.Equal(ids[..Tokenizer.Encode("good day, [SEP]"u8, ids, out _)], encoded.Ids.ToArray());
        Assert.Equal((null, 1, false), (encoded.Segments, encoded.Rows, encoded.Truncated));
    }

    [Fact]
    public void Encode_ShouldCutTheTail_WhenTheModelHasNoSegments()
    {
        var encoded = Encode(Long, 16, null);

        Assert.Equal((16, null, true), (encoded.Ids.Length, encoded.Segments, encoded.Truncated));
    }

    [Fact]
    public void Encode_ShouldReadAllOfALongText_InSegmentsOfWholeWords()
    {
        var encoded = Encode(Long, 64, new SegmentSettings { Overlap = 8, Most = 99 });

        Assert.False(encoded.Truncated);
        var tokens = new int[Long.Length];
        tokens = tokens[..Tokenizer.Tokenize(Long, tokens, out _)];
        var next = 0;
        Assert.All(encoded.Segments!, segment =>
        {
            var ids = segment.ToArray();
            Assert.InRange(ids.Length, 3, 64);
            Assert.Equal((Tokenizer.ClsId, Tokenizer.SepId), (ids[0], ids[^1]));
            Assert.False(Tokenizer.IsContinuation(ids[1]));
            var part = ids[1..^1];
            var start = Enumerable.Range(0, next + 1).Last(at => tokens.AsSpan(at).StartsWith(part)); // no gap after the one before
            next = start + part.Length;
            Assert.True(next == tokens.Length || !Tokenizer.IsContinuation(tokens[next]));
        });
        Assert.Equal(tokens.Length, next);
        Assert.Equal(encoded.Ids.ToArray(), encoded.Segments!.SelectMany(segment => segment.ToArray()));
        var lengths = encoded.Segments!.Select(segment => segment.Length).ToList();
        Assert.InRange(lengths.Max() - lengths.Min(), 0, 12); // no scrap at the end
    }

    [Fact]
    public void Encode_ShouldCutTheTail_WhenThereAreMoreSegmentsThanTheModelReads()
    {
        var encoded = Encode(Long, 64, new SegmentSettings { Overlap = 8, Most = 2 });

        Assert.Equal((2, true), (encoded.Rows, encoded.Truncated));
    }

    [Fact]
    public void Encode_ShouldStayBounded_WhenOneWordFillsTheText()
    {
        var encoded = Encode(Encoding.UTF8.GetBytes(new string('\u4E2D', 20_000)), 16, new SegmentSettings { Overlap = 7, Most = 1024 });

        Assert.Equal((1024, true), (encoded.Rows, encoded.Truncated));
    }

    [Fact]
    public void Encode_ShouldAllocateNothing_WhenTheTextFits()
    {
        var encoder = new PostEncoder(Tokenizer, 64, new SegmentSettings());
        var text = "A plain post, with punctuation & 123 numbers!!! unaffable antidisestablishmentarianism"u8.ToArray();
        Memory<int> room = new int[64];
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++) // the first compiles; see BertTokenizerTests
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
            {
                encoder.Encode(text, room);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static EncodedPost Encode(ReadOnlySpan<byte> text, int maxTokens, SegmentSettings? segments)
    {
        var encoder = new PostEncoder(Tokenizer, maxTokens, segments);
        return encoder.Encode(text, new int[encoder.Room(text.Length)]);
    }
}
