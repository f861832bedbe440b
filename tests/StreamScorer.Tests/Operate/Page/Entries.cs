using System.Text;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Tests.Operate.Page;

/// <summary>Entries that have their outcome.</summary>
internal static class Entries
{
    public static Entry Flagged(string text, long offset = 0, Decision decision = Decision.Flag, float hate = 0.9f) => new(Source(text, offset))
    {
        Post = new Post($"post-{offset}", Encoding.UTF8.GetBytes(text)),
        Verdict = new Verdict(
            new Dictionary<string, HeadScore>
            {
                ["fake"] = Head("not_fake", "fake", 0.1f),
                ["hate"] = Head("not_hate", "hate", hate),
                ["sentiment"] = Head("negative", "positive", 0.5f),
            },
            ["hate"],
            decision,
            [new Why("hate", "hate", hate, 0.852f, hate - 0.852f, decision)],
            "1"),
    };

    public static Entry DeadLetter(string value, long offset = 0)
        => new(Source(value, offset)) { Reject = new Reject(RejectReason.NotJson, "The value is not JSON.") };

    private static SourceRecord Source(string value, long offset) => new("posts", 2, offset, 0, null, Encoding.UTF8.GetBytes(value), null, 0, 0);

    private static HeadScore Head(string no, string yes, float probability)
        => new(probability > 0.5f ? yes : no, null, new Dictionary<string, float> { [no] = 1 - probability, [yes] = probability });
}
