using Microsoft.Extensions.Logging;
using StreamScorer.Infer;
using StreamScorer.Operate;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Infer;

public sealed class PolicyWatchTests : IAsyncDisposable
{
    private const string Served = """{"version": "a", "heads": {"hate": {"hate": {"flag": 0.9}}}}""";
    private const string Stricter = """{"version": "b", "heads": {"hate": {"hate": {"flag": 0.5}}}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("streamscorer-test-").FullName;
    private readonly string _file;
    private readonly Telemetry _telemetry = new(TimeProvider.System);
    private readonly ListLogger<PolicyWatch> _log = new();
    private readonly PolicyWatch _watch;

    public PolicyWatchTests()
    {
        foreach (var file in Directory.GetFiles(Repository.DefaultBundle))
        {
            File.CreateSymbolicLink(Path.Combine(_folder, Path.GetFileName(file)), file);
        }

        _file = Path.Combine(_folder, ModelBundle.PolicyFileName);
        File.Delete(_file);
        File.WriteAllText(_file, Served);
        _watch = new PolicyWatch(ModelBundle.Open(_folder), _telemetry, _log);
    }

    [Fact]
    public void Look_ShouldTakeAnotherPolicy_OnceTwoLooksSawIt()
    {
        var changes = 0;
        _watch.Changed += () => changes++;
        _watch.Look();
        var before = _watch.Judge;
        File.WriteAllText(_file, Stricter);

        _watch.Look();
        Assert.Same(before, _watch.Judge);
        _watch.Look();
        _watch.Look();

        Assert.Equal(("b", "b", 1), (_watch.Policy.Version, _watch.Judge.PolicyVersion, changes));
        Assert.Equal((Decision.Allow, Decision.Flag), (Decide(before), Decide(_watch.Judge)));
        Assert.Equal([(1601, LogLevel.Information, "Policy b decides now, before it was a.")], _log.Lines);
    }

    [Fact]
    public void Look_ShouldSeeALinkThatIsExchanged_AsContainersDo()
    {
        var (old, next) = (Path.Combine(_folder, "old"), Path.Combine(_folder, "new"));
        File.Move(_file, old);
        File.WriteAllText(next, Stricter);
        File.SetLastWriteTimeUtc(next, File.GetLastWriteTimeUtc(old));
        File.CreateSymbolicLink(_file, old);
        Look(2);
        File.Delete(_file);
        File.CreateSymbolicLink(_file, next);

        Look(2);

        Assert.Equal("b", _watch.Policy.Version);
    }

    [Theory]
    [InlineData("""{"version": "b", "heads": {"hate": {"hate": {"flag": 1.5}}}}""", "hate.hate")]
    [InlineData("""{"version": "b", "heads": {"hat""", "is not valid")]
    [InlineData("""{"version": "a", "heads": {"hate": {"hate": {"flag": 0.5}}}}""", "has changed and is still called a, so nobody could tell by which of the two a post was decided: give it a new version.")]
    [InlineData("", "is not valid")]
    [InlineData(null, "is missing")]
    public void Look_ShouldKeepThePresentPolicy_AndSayWhyOnce(string? content, string why)
    {
        var before = _watch.Judge;
        Write(content);

        Look(5);

        Assert.Same(before, _watch.Judge);
        var (id, level, message) = Assert.Single(_log.Lines);
        Assert.Equal((1602, LogLevel.Warning), (id, level));
        Assert.Contains(why, message, StringComparison.Ordinal);
        Assert.EndsWith("Policy a goes on deciding.", message, StringComparison.Ordinal);
        Assert.Contains("streamscorer_policy_changes_total{result=\"refused\"} 1", new MetricsPage(_telemetry).Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void Look_ShouldTakeThePolicy_WhenItIsCorrected()
    {
        Write("{");
        Look(2);
        Write(Stricter);

        Look(2);

        Assert.Equal("b", _watch.Policy.Version);
    }

    [Fact]
    public void Look_ShouldSayItAgain_WhenTheSameFaultComesBack()
    {
        Write("{");
        Look(2);
        Write(Served);
        Look(2);
        Assert.Single(_log.Lines); // what serves already is no news
        Write("{");

        Look(2);

        Assert.Equal([1602, 1602], _log.Lines.Select(line => line.Id));
    }

    [Fact]
    public void Look_ShouldJudgeNothing_WhileTheFileIsBeingWritten()
    {
        for (var length = 10; length < Stricter.Length; length += 7)
        {
            Write(Stricter[..length]);
            _watch.Look();
        }

        Write(Stricter);
        Look(2);

        Assert.Equal("b", _watch.Policy.Version);
        Assert.Equal([1601], _log.Lines.Select(line => line.Id));
    }

    [Fact]
    public async Task Start_ShouldLookByItself()
    {
        var taken = new TaskCompletionSource();
        _watch.Changed += taken.SetResult;
        Write(Stricter);

        _watch.Start(TimeSpan.FromMilliseconds(5), TimeProvider.System);

        await taken.Task.WaitAsync(TestPipeline.Limit);
        Assert.Equal("b", _watch.Policy.Version);
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        _telemetry.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A post whose probability of hate is about 0.73.</summary>
    private static Decision Decide(StreamScorer.Shared.Judge.PolicyJudge judge) => judge.Decide([0, 0, 0, 1, 0, 0], language: null).Decision;

    private void Look(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _watch.Look();
        }
    }

    private void Write(string? content)
    {
        if (content is null)
        {
            File.Delete(_file);
            return;
        }

        File.WriteAllText(_file, content);
    }
}
