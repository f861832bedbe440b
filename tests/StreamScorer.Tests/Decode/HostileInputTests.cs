using System.Diagnostics;
using System.Text;
using StreamScorer.Decode;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Decode;

/// <summary>What somebody may send to make us slow or large. Each must cost about as much as any value of its length.</summary>
public sealed class HostileInputTests
{
    private const int Megabyte = 1 << 20;

    // By name, and made when asked for: megabytes as theory data take the runner half a minute.
    private static readonly Dictionary<string, (Func<byte[]> Value, RejectReason? Expected)> Inputs = new()
    {
        ["10,000 brackets"] = (() => Fill("[", 10_000), RejectReason.TooDeep),
        ["a million brackets"] = (() => Fill("[", Megabyte), RejectReason.TooDeep),
        ["10,000 nested objects"] = (() => Fill("{\"text\":", 10_000), RejectReason.TooDeep),
        ["1 MB of combining marks"] = (() => Text("\u0301", Megabyte / 2), RejectReason.TextTooLong),
        ["1 MB of raw NUL"] = (() => new byte[Megabyte], RejectReason.NotJson),
        ["raw NUL in the text"] = (() => Text("\0", 100), RejectReason.NotJson),
        ["64 KB of escaped NUL"] = (() => Text("\\u0000", 65_536), RejectReason.EmptyText),
        ["64 KB of zero-width space"] = (() => Text("\u200b", 21_845), RejectReason.EmptyText),
        ["1 MB of quotes"] = (() => Fill("\"", Megabyte), RejectReason.NotJson),
        ["an odd number of quotes"] = (() => Fill("\"", 1), RejectReason.NotJson),
        ["1 MB of escaped backslashes"] = (() => Text("\\\\", Megabyte / 2), RejectReason.TextTooLong),
        ["1 MB of backslashes"] = (() => Fill("\\", Megabyte), RejectReason.NotJson),
        ["1 MB of halves of surrogate pairs"] = (() => Text("\\ud800", Megabyte / 6), RejectReason.UnpairedSurrogate),
        ["1 MB of one member again and again"] = (() => Fill("{", 1, Fill("\"text\":\"a\",", Megabyte / 11), "\"text\":\"b\"}"), null),
        ["1 MB of escaped names"] = (() => Fill("{", 1, Fill("\"t\\u0065xt\":\"a\",", Megabyte / 16), "\"text\":\"b\"}"), null),
        ["one name of 1 MB of escapes"] = (() => Fill("{\"", 1, Fill("\\u0041", Megabyte / 6), "\":1,\"text\":\"b\"}"), null),
        ["1 MB of lines before the fault"] = (() => Fill("", 1, Fill("\n", Megabyte), "x"), RejectReason.NotJson),
        ["a 1 MB number"] = (() => Fill("{\"created_at\":", 1, Fill("9", Megabyte), ",\"id\":1,\"text\":\"b\"}"), null),
        ["1 MB that is not UTF-8"] = (() => Fill("é", 1, Fill("a", Megabyte), "\uFFFF", cut: 1), RejectReason.InvalidUtf8),
        ["a 1 MB id"] = (() => Fill("{\"text\":\"b\",\"id\":\"", 1, Fill("é", Megabyte / 2), "\"}"), null),
    };

    public static TheoryData<string> Names() => [.. Inputs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_ShouldBeCheap(string what)
    {
        var (make, expected) = Inputs[what];
        var value = make();
        var decoder = new PostDecoder(new DecodeOptions());
        decoder.Decode(value, default, "f");

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        var decoded = decoder.Decode(value, default, "f");
        var elapsed = Stopwatch.GetElapsedTime(started);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        Assert.Equal(expected, decoded.Reject?.Reason);

        // Milliseconds when linear, minutes when quadratic; the room between is for a busy machine. Memory: the text itself, at most, and a rejection.
        Assert.True(elapsed < TimeSpan.FromSeconds(2), $"{what} took {elapsed}");
        Assert.True(allocated < 65_536 + 8_192, $"{what} allocated {allocated} bytes");
    }

    [Theory]
    [InlineData("{\"text\": 1, \"secret\": 1}")]
    [InlineData("{\"text\": \"secret")]
    [InlineData("secret")]
    [InlineData("{\"text\": \"secret\"} secret")]
    [InlineData("{\"text\": \"secret\\ud800\"}")]
    [InlineData("{\"text\": \"secret, and longer than the limit\"}")]
    [InlineData("{\"text\": secret}")]
    [InlineData("{\"text\": \"\\secret\"}")]
    public void Reject_ShouldNotRepeatTheValue(string value)
    {
        var reject = new PostDecoder(new DecodeOptions { MaxTextBytes = 10 }).Decode(Encoding.UTF8.GetBytes(value), default, "f").Reject!;

        Assert.DoesNotContain("secret", reject.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static byte[] Text(string piece, int count) => Fill("{\"text\":\"", 1, Fill(piece, count), "\"}");

    private static byte[] Fill(string piece, int count) => [.. Enumerable.Repeat(Encoding.UTF8.GetBytes(piece), count).SelectMany(bytes => bytes)];

    private static byte[] Fill(string before, int count, byte[] middle, string after, int cut = 0)
        => [.. Fill(before, count), .. middle, .. Encoding.UTF8.GetBytes(after).SkipLast(cut)];
}
