using System.Text;
using System.Text.Json;
using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;
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

    /// <summary>Texts of one to eight segments, each alone and in random company; aggregates that hang on a single segment as well.</summary>
    [Theory]
    [InlineData(SegmentAggregate.Mean)]
    [InlineData(SegmentAggregate.Max)]
    public void Score_ShouldNotDependOnNeighbours_WhenTextsAreInSegments(SegmentAggregate aggregate)
    {
        using var folder = TestBundle.TinyBert(manifest => manifest with { MaxTokens = 16, Segments = new SegmentSettings { Overlap = 4, Most = 8, Aggregate = aggregate } });
        var bundle = folder.Open();
        using var scorer = OnnxScorer.Open(bundle, new InferOptions { Device = DeviceChoice.Cpu });
        var encoder = bundle.LoadEncoder();
        var random = new Random(20261121);
        var texts = Enumerable.Range(0, 40)
            .Select(_ => Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Range(0, random.Next(1, 120)).Select(_ => (string[])["good", "day", "bad", "music", "war", "unaffable"]).Select(some => some[random.Next(some.Length)]))))
            .Select(text => encoder.Encode(text, new int[encoder.Room(text.Length)]))
            .ToList();
        Assert.Contains(texts, text => text.Rows == 8);
        Assert.Contains(texts, text => text.Rows == 1);
        var alone = texts.Select(text => Pooled(bundle, scorer, [text])[0]).ToList();

        for (var i = 0; i < Batches; i++)
        {
            var chosen = Enumerable.Range(0, texts.Count).OrderBy(_ => random.Next()).Take(random.Next(2, 40)).ToList();
            var together = Pooled(bundle, scorer, [.. chosen.Select(text => texts[text])]);
            Assert.All(chosen.Zip(together), pair => Assert.All(alone[pair.First].Zip(pair.Second), logits => Assert.Equal(logits.First, logits.Second, Bound)));
        }
    }

    private static List<float[]> Pooled(ModelBundle bundle, OnnxScorer scorer, List<EncodedPost> texts)
    {
        var rows = new List<ReadOnlyMemory<int>>();
        texts.ForEach(text => text.AddTo(rows));
        var grouping = Grouper.Cut(rows, new GroupOptions { MaxTokens = 200 }, scorer.Pads);
        var logits = new float[grouping.Rows * scorer.LogitCount];
        foreach (var batch in grouping.Batches)
        {
            scorer.Score(batch, logits.AsSpan(batch.FirstRow * scorer.LogitCount));
        }

        var (pool, first) = (new SegmentPool(bundle.Manifest), 0);
        return texts.ConvertAll(text =>
        {
            first += text.Rows;
            return pool.Logits(logits, grouping, first - text.Rows, text.Rows).ToArray();
        });
    }

    /// <summary>Shows that the test of the default bundle can fail: this export takes one activation scale a batch.</summary>
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
