using System.Text;
using System.Text.Json.Nodes;
using StreamScorer.Operate.Page;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Tests.Operate.Page;

public sealed class TextTrialTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly ModelBundle Bundle = ModelBundle.Open(Repository.DefaultBundle);
    private static readonly BertTokenizer Tokenizer = Bundle.LoadTokenizer();

    private readonly JumpingTime _time = new();
    private readonly SlowScorer _scorer;
    private readonly TextTrial _trial;

    public TextTrialTests()
    {
        _scorer = new SlowScorer(_time);
        var judge = new PolicyJudge(Bundle.Manifest, Bundle.Policy);
        _trial = new TextTrial(Bundle, Tokenizer, new PostEncoder(Tokenizer, Bundle.Manifest.MaxTokens, null), _scorer, () => judge, new GroupOptions(), _time);
    }

    public void Dispose()
    {
        _trial.Dispose();
        _scorer.Dispose();
    }

    [Fact]
    public async Task ScoreAsync_ShouldLeaveTheDeviceToTheStream_ForNineTimesAsLong()
    {
        await ScoreAsync("one");
        Assert.Empty(_time.Waits);

        await ScoreAsync("two");

        Assert.Equal([TimeSpan.FromMilliseconds(9 * 20)], _time.Waits);
    }

    [Fact]
    public async Task ScoreAsync_ShouldRunOneAtATime_AndRefuseWhenFourWait()
    {
        _scorer.Gate.Reset();
        var asked = Enumerable.Range(0, 5).Select(_ => ScoreAsync("text")).ToList();

        Assert.Null(await ScoreAsync("one too many").WaitAsync(Limit));
        _scorer.Gate.Set();
        Assert.All(await Task.WhenAll(asked).WaitAsync(Limit), Assert.NotNull);
        Assert.Equal(1, _scorer.MostAtOnce);
        Assert.NotNull(await ScoreAsync("again").WaitAsync(Limit));
    }

    [Fact]
    public async Task ScoreAsync_ShouldTellPieces_AndWhereTheyStandInTheText()
    {
        const string Text = "Unbelievably 😀 naïve!";

        var tokens = (await ScoreAsync(Text))!.Tokens;

        Assert.Equal(["un", "##bel", "##ie", "##va", "##bly", "[UNK]", "naive", "!"], tokens.Select(token => token.Piece));
        Assert.Equal(["Un", "bel", "ie", "va", "bly", "😀", "naïve", "!"], tokens.Select(token => Text[token.Start..token.End]));
        Assert.Equal("##bel", Bundle.LoadPieces()[tokens[1].Id]);
    }

    [Fact]
    public async Task ScoreAsync_ShouldTellTheThresholdsOfTheLabelsThatDecide()
    {
        var policy = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.DefaultBundle, "policy.json")))!["heads"]!["fake"]!["fake"]!;

        var heads = (await ScoreAsync("text"))!.Heads;

        var fake = heads.Single(head => head.Head == "fake").Labels;
        Assert.Equal(["not_fake", "fake"], fake.Select(label => label.Label));
        Assert.Equal(((float?)null, (float?)null, (float?)policy["review"], (float?)policy["flag"]), (fake[0].Review, fake[0].Flag, fake[1].Review, fake[1].Flag));
        Assert.Equal(1, fake.Sum(label => label.Probability), 4);
        Assert.Single(fake, label => label.Chosen);
    }

    [Fact]
    public void Encode_ShouldSayThatNothingIsLeft_WhenTheModelReadsNothing()
        => Assert.Null(_trial.Encode(Post("\u200B\u0001")));

    private static Post Post(string text) => new("trial", Encoding.UTF8.GetBytes(text));

    private Task<TrialResult?> ScoreAsync(string text) => _trial.ScoreAsync(Post(text), _trial.Encode(Post(text))!.Value, CancellationToken.None);

    /// <summary>Takes 20 ms of its clock a call.</summary>
    private sealed class SlowScorer(JumpingTime time) : IScorer
    {
        private int _now;

        public ManualResetEventSlim Gate { get; } = new(true);

        public int MostAtOnce { get; private set; }

        public string Device => "cpu";

        public int LogitCount => Bundle.Manifest.Heads.Sum(head => head.Labels.Count);

        public bool Pads => false;

        public void Score(TokenBatch batch, Span<float> logits)
        {
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _now));
            Gate.Wait(Limit);
            time.Advance(TimeSpan.FromMilliseconds(20));
            logits.Clear();
            Interlocked.Decrement(ref _now);
        }

        public void Dispose() => Gate.Dispose();
    }

    /// <summary>A clock on which every wait is over at once, and is written down.</summary>
    private sealed class JumpingTime : TimeProvider
    {
        private long _ticks = 1;

        public List<TimeSpan> Waits { get; } = [];

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public void Advance(TimeSpan span) => Interlocked.Add(ref _ticks, span.Ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            Advance(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
