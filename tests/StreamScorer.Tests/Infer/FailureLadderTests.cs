using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Infer;
using StreamScorer.Operate;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Infer;

public sealed class FailureLadderTests : IDisposable
{
    private static readonly GroupOptions Grouping = new() { MaxTokens = 256, MaxRows = 64, CallTokens = 64 };

    private readonly SkippingTime _time = new();
    private readonly Telemetry _telemetry;
    private readonly FaultyScorer _scorer = new();
    private readonly FailureLadder _ladder;

    public FailureLadderTests()
    {
        _telemetry = new Telemetry(_time);
        var options = new InferOptions { Retries = 3 };
        _ladder = new FailureLadder(_scorer, options, Grouping, new CallWatch(options.CallTimeout, _time), _telemetry, new HealthState(new OperateOptions(), _time), _time, NullLogger<FailureLadder>.Instance);
    }

    public void Dispose() => _telemetry.Dispose();

    [Fact]
    public void Score_ShouldScoreAllButTheOne_WhenOneOf64IsPoison()
    {
        var posts = Posts(64);
        _scorer.Poison = row => row[1] == 40;

        var (scores, grouping) = Score(posts);

        AssertScored(posts, grouping, scores, except: 40);
        Assert.Equal("The model fails on this post alone, while it scores others. a row cannot be scored", scores.Fault(grouping.RowOf(40)));
        Assert.Empty(_time.Waits);
        Assert.InRange(_scorer.Calls, 1, 64); // halving: far fewer than one by one, and the probe
    }

    [Fact]
    public void Score_ShouldHalveUntilItFits_WhenThereIsNoMemory()
    {
        var posts = Posts(64);
        _scorer.Memory = 40;

        var (scores, grouping) = Score(posts);

        AssertScored(posts, grouping, scores);
        Assert.All(_scorer.Scored, call => Assert.InRange(call.Tokens, 1, 40));
        Assert.Equal(3, _scorer.Calls - _scorer.Scored.Count); // 256, 128 and 64; then the budget is 32, and no call is larger
    }

    [Fact]
    public void Score_ShouldHoldTheSmallerBudget_AndGrowByAQuarterAMinute_WhenThereWasNoMemory()
    {
        var posts = Posts(64);
        _scorer.Memory = 130;
        Score(posts);
        _scorer.Memory = int.MaxValue;
        var largest = new List<int>();

        for (var minute = 0; minute < 5; minute++)
        {
            _scorer.Scored.Clear();
            Score(posts);
            largest.Add(_scorer.Scored.Max(call => call.Tokens));
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        // Calls of 64 posts of 4 tokens: 128 holds a half, 160 and 200 too, because rows are halved, and 256 is everything again.
        Assert.Equal([128, 128, 128, 128, 256], largest);
    }

    [Fact]
    public void Score_ShouldTryAgainWithDoublingWaits_WhenTheFailureGoesAway()
    {
        var posts = Posts(3);
        _scorer.FailsCall = call => call < 3;

        var (scores, grouping) = Score(posts);

        AssertScored(posts, grouping, scores);
        Assert.Equal([50, 100, 200], _time.Waits.Select(wait => wait.TotalMilliseconds));
    }

    [Fact]
    public void Score_ShouldFindTheOne_WhenItsFailureLooksAsIfItMightGoAway()
    {
        var posts = Posts(64);
        _scorer.Poison = row => row[1] == 7;
        _scorer.PoisonSays = InferenceFailure.Transient;

        var (scores, grouping) = Score(posts);

        AssertScored(posts, grouping, scores, except: 7);
        Assert.Equal(6, _time.Waits.Count); // three before the halves, three for the last one, and none between
    }

    [Fact]
    public void Score_ShouldNotCallAgain_WhenTheDeviceIsLost()
    {
        _scorer.Before = _ => throw new InferenceException("gone", InferenceFailure.Device);

        var fault = Assert.Throws<InferenceException>(() => Score(Posts(64)));

        Assert.Equal("gone", fault.Message);
        Assert.Equal(0, _scorer.Calls);
        Assert.Empty(_time.Waits);
    }

    [Theory]
    [InlineData(InferenceFailure.Rows)]
    [InlineData(InferenceFailure.Transient)]
    public void Score_ShouldGiveNoPostUp_WhenTheModelFailsOnEverything(InferenceFailure says)
    {
        _scorer.Poison = _ => true;
        _scorer.PoisonSays = says;

        var fault = Assert.Throws<InferenceException>(() => Score(Posts(1)));

        Assert.StartsWith("The model fails on what it scored at start", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_ShouldEndTheWorker_WhenHalfOfAMicroBatchFails_ThoughTheProbeIsScored()
    {
        _scorer.Poison = row => row.Length > 3;

        var fault = Assert.Throws<InferenceException>(() => Score(Posts(64)));

        Assert.StartsWith("The model failed on 64 of the last 64 posts", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_ShouldEndTheWorker_WhenATrickleOfPostsFailsOneByOne()
    {
        _scorer.Poison = row => row.Length > 3;

        var given = 0;
        Assert.Throws<InferenceException>(() =>
        {
            for (; given < 100; given++)
            {
                Score(Posts(1, from: given));
            }
        });

        Assert.Equal(7, given);
    }

    [Fact]
    public void Score_ShouldGoOn_WhenManyPostsFailAndMoreAreScored()
    {
        _scorer.Poison = row => row[1] % 3 == 0 && row.Length > 3;

        for (var round = 0; round < 10; round++)
        {
            var posts = Posts(64, from: 64 * round);
            var (scores, grouping) = Score(posts);

            AssertScored(posts, grouping, scores, [.. Enumerable.Range(0, 64).Where(i => (i + (64 * round)) % 3 == 0)]);
        }
    }

    [Fact]
    public void Score_ShouldEndTheWorker_WhenThereIsNoMemoryForOnePost()
    {
        _scorer.Memory = 3;

        var fault = Assert.Throws<InferenceException>(() => Score(Posts(8)));

        Assert.StartsWith("The device none has no memory left for a single post of 4 tokens", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3, _time.Waits.Count);
    }

    [Fact]
    public void Score_ShouldStopWaiting_WhenAborted()
    {
        using var abort = new CancellationTokenSource();
        _scorer.FailsCall = _ => true;
        _scorer.Before = _ => abort.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => Score(Posts(3), abort.Token));
        Assert.Equal(1, _scorer.Calls);
    }

    private (RowScores Scores, Grouping Grouping) Score(ReadOnlyMemory<int>[] posts, CancellationToken abort = default)
    {
        var grouping = Grouper.Cut(posts, Grouping);
        return (_ladder.Score(grouping, abort), grouping);
    }

    /// <summary>Posts of four tokens that say which one they are.</summary>
    private static ReadOnlyMemory<int>[] Posts(int count, int from = 0) => [.. Enumerable.Range(from, count).Select(i => (ReadOnlyMemory<int>)new[] { 101, i, 7, 102 })];

    private static void AssertScored(ReadOnlyMemory<int>[] posts, Grouping grouping, RowScores scores, params int[] except)
        => Assert.All(posts.Index(), post =>
        {
            var row = grouping.RowOf(post.Index);
            Assert.Equal(except.Contains(post.Index), scores.Fault(row) is not null);
            if (!except.Contains(post.Index))
            {
                Assert.Equal(FaultyScorer.Logits(post.Item.Span), scores.LogitsOf(row, 1).ToArray());
            }
        });
}
