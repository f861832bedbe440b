using System.Text;
using System.Text.Json;
using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace Shared.Tests.Infer;

/// <summary>A score is a property of the post: it must not depend on the posts that share its batch, nor on the padding they cause.</summary>
public sealed class BatchInvarianceTests
{
    private const float Bound = 1e-4f;
    private const int Batches = 12;

    [Fact]
    public void Score_ShouldNotDependOnNeighbours_WhenTheDefaultBundleServes() =>
        Assert.InRange(LargestChange(ModelBundle.Open(Repository.DefaultBundle)), 0f, Bound);

    /// <summary>Shows that the test above can fail: this export takes one activation scale a batch.</summary>
    [Fact]
    public void Score_ShouldDependOnNeighbours_WhenOneScaleCountsForTheWholeBatch()
    {
        using var bundle = TestBundle.OfReference(GraphPrecision.Int8, "model.int8-dynamic.onnx");

        Assert.True(LargestChange(bundle.Open()) > 100 * Bound);
    }

    /// <summary>Largest change of a probability between a post alone and the same post in random company.</summary>
    private static float LargestChange(ModelBundle bundle)
    {
        using var scorer = OnnxScorer.Open(bundle, new InferOptions { Device = DeviceChoice.Cpu });
        var judge = new PolicyJudge(bundle.Manifest, bundle.Policy);
        var posts = Tokenize(bundle);
        var alone = posts.Select(post => Probabilities(judge, scorer.Logits([post])[0])).ToList();
        var random = new Random(20261121);
        var largest = 0f;
        for (var i = 0; i < Batches; i++)
        {
            // Few rows or many, and sometimes one long neighbour that pads all the others.
            var chosen = Enumerable.Range(0, posts.Count).OrderBy(_ => random.Next()).Take(random.Next(2, 40)).ToList();
            var batch = chosen.Select(post => posts[post]).ToList();
            if (i % 2 == 0)
            {
                batch.Add(Long(posts, random));
            }

            var logits = scorer.Logits(batch, new GroupOptions { MaxTokens = int.MaxValue, MaxRows = int.MaxValue });
            largest = chosen
                .SelectMany((post, row) => alone[post].Zip(Probabilities(judge, logits[row]), (a, b) => MathF.Abs(a - b)))
                .Append(largest)
                .Max();
        }

        return largest;
    }

    private static float[] Probabilities(PolicyJudge judge, float[] logits) =>
        [.. judge.Decide(logits, null).Heads.Values.SelectMany(head => head.Probabilities.Values)];

    private static ReadOnlyMemory<int> Long(List<ReadOnlyMemory<int>> posts, Random random)
    {
        var words = posts.SelectMany(post => post.ToArray()[1..^1]).ToArray();
        random.Shuffle(words);
        var (first, last) = (posts[0].Span[0], posts[0].Span[^1]);
        return (int[])[first, .. words[..random.Next(100, 250)], last];
    }

    private static List<ReadOnlyMemory<int>> Tokenize(ModelBundle bundle)
    {
        var tokenizer = bundle.LoadTokenizer();
        var posts = new List<ReadOnlyMemory<int>>();
        foreach (var line in File.ReadLines(Repository.TinyBert("forward.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.TryGetProperty("text", out var text))
            {
                var ids = new int[bundle.Manifest.MaxTokens];
                posts.Add(ids.AsMemory(0, tokenizer.Encode(Encoding.UTF8.GetBytes(text.GetString()!), ids, out _)));
            }
        }

        return posts;
    }
}
