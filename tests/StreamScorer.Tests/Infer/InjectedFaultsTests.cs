using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Infer;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Infer;

/// <summary>Whatever fails on the way: every post has the verdict that it has without faults, or is a dead letter, and the order is the order of the input.</summary>
public sealed class InjectedFaultsTests
{
    private static readonly BundleManifest Manifest = TestPipeline.Bundle.Manifest with { MaxTokens = 16, Segments = new SegmentSettings { Overlap = 4, Most = 3 } };
    private static readonly string[] Texts = [.. Enumerable.Range(0, 60).Select(i => $"{i} {string.Join(' ', Enumerable.Repeat("day", i * 11 % 40))}")];
    private static readonly int[][][] Rows = [.. Texts.Select(RowsOf)];

    [Fact]
    public async Task RunAsync_ShouldScoreAsWithoutFaults_OrDeadLetter_AndKeepTheOrder()
    {
        var expected = (await RunAsync(new FaultyScorer())).Select(Outcome).ToArray();

        Prop.ForAll(Arb.From(Faults), faults =>
        {
            var scorer = new FaultyScorer
            {
                Memory = faults.Memory,
                FailsCall = call => call % 16 < faults.Hiccups && call / 16 % 2 == 0,
                Poison = row => faults.IsPoison(row),
                PoisonSays = faults.Says,
            };
            var entries = RunAsync(scorer).GetAwaiter().GetResult();
            return entries.Count == Texts.Length && entries.Index().All(any =>
                any.Item.Source.Offset == any.Index
                && (faults.Poison.Contains(any.Index)
                    ? any.Item is { Verdict: null, Post: null, Reject: { Reason: RejectReason.Inference } reject } && !reject.Message.AsSpan().ContainsAny("\r\n")
                    : any.Item.Reject is null && Outcome(any.Item) == expected[any.Index]));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithQuietOnSuccess(true));
    }

    /// <summary>At least the longest row fits, no call fails more often than it is tried, and fewer posts fail than would be taken for a broken model.</summary>
    private static Gen<FaultSet> Faults =>
        from memory in Gen.Choose(16, 160)
        from hiccups in Gen.Choose(0, 5)
        from count in Gen.Choose(0, 7)
        from poison in Gen.Choose(0, Texts.Length - 1).ArrayOf(count)
        from says in Gen.Elements(InferenceFailure.Rows, InferenceFailure.Transient)
        select new FaultSet(memory, hiccups, [.. poison.Distinct()], says);

    private static async Task<IReadOnlyList<Entry>> RunAsync(FaultyScorer scorer)
    {
        using var pipeline = new TestPipeline(scorer, new SkippingTime(), Manifest, new InferOptions { Retries = 5 });
        return await pipeline.RunAsync(Texts);
    }

    private static string Outcome(Entry entry) => JsonSerializer.Serialize(entry.Verdict);

    private static int[][] RowsOf(string text)
    {
        var encoder = TestPipeline.Encoder(Manifest);
        var utf8 = Encoding.UTF8.GetBytes(text);
        var encoded = encoder.Encode(utf8, new int[encoder.Room(utf8.Length)]);
        return [.. (encoded.Segments ?? [encoded.Ids]).Select(row => row.ToArray())];
    }

    private sealed record FaultSet(int Memory, int Hiccups, int[] Poison, InferenceFailure Says)
    {
        /// <summary>One segment of a post is enough to fail it: the first, which has its number, so that no other post has the same.</summary>
        private readonly int[][] _rows = [.. Poison.Select(post => Rows[post][0])];

        public bool IsPoison(ReadOnlySpan<int> row)
        {
            foreach (var poison in _rows)
            {
                if (row.SequenceEqual(poison))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
