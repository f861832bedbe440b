using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed class HealthStateTests
{
    private readonly ManualTime _time = new();
    private readonly OperateOptions _options = new() { LoopLimit = TimeSpan.FromSeconds(60), DeviceLimit = TimeSpan.FromSeconds(30) };
    private readonly HealthState _health;

    public HealthStateTests() => _health = new HealthState(_options, _time);

    [Fact]
    public void Ready_ShouldNameWhatIsMissing_AtTheStart()
    {
        var report = _health.Ready();

        Assert.False(report.Ok);
        Assert.Equal(["assignment", "model"], report.Checks.Where(check => !check.Ok).Select(check => check.Name));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Ready_ShouldHold_WhenWarmAndAssignedOrIdle(int partitions)
    {
        MakeReady(partitions);

        Assert.True(_health.Ready().Ok);
    }

    [Fact]
    public void Ready_ShouldHold_WhenNothingIsAskedForHours()
    {
        MakeReady();
        _health.DeviceAsked();
        _health.DeviceAnswered();

        _time.Advance(TimeSpan.FromHours(5));

        Assert.True(_health.Ready().Ok);
    }

    [Fact]
    public void Ready_ShouldFail_WhenTheDeviceDoesNotAnswer()
    {
        MakeReady();
        _time.Advance(TimeSpan.FromHours(5));
        _health.DeviceAsked();
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(_health.Ready().Ok);

        _time.Advance(TimeSpan.FromSeconds(1));

        AssertFails(_health.Ready(), "device", "no answer for 31 s, over the limit of 30 s");
        _health.DeviceAnswered();
        Assert.True(_health.Ready().Ok);
    }

    [Fact]
    public void Ready_ShouldCountFromTheLastAnswer_WhenTwoCallsAreInFlight()
    {
        MakeReady();
        _health.DeviceAsked();
        _health.DeviceAsked();
        _time.Advance(TimeSpan.FromSeconds(20));
        _health.DeviceAnswered();

        _time.Advance(TimeSpan.FromSeconds(20));

        Assert.True(_health.Ready().Ok);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.False(_health.Ready().Ok);
    }

    [Fact]
    public void Ready_ShouldTellWhy_WhenOutputsFail()
    {
        MakeReady();
        _health.OutputsFine(false, "broker down");
        AssertFails(_health.Ready(), "outputs", "broker down");

        _health.OutputsFine(true);

        Assert.True(_health.Ready().Ok);
    }

    [Fact]
    public void Ready_ShouldFail_WhenDraining()
    {
        MakeReady();

        _health.Draining();

        AssertFails(_health.Ready(), "draining", "stopping: no new posts are taken");
        Assert.True(_health.Live().Ok);
    }

    [Fact]
    public void Live_ShouldFail_WhenALoopWithWorkDoesNotTurn()
    {
        _health.Turned("infer");
        _health.Turned("publish");
        _health.Rests("publish");
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(_health.Live().Ok);

        _time.Advance(TimeSpan.FromSeconds(1));

        AssertFails(_health.Live(), "infer", "has not turned for 61 s, over the limit of 60 s");
        _health.Turned("infer");
        Assert.True(_health.Live().Ok);
    }

    /// <summary>Whoever waits for Kafka, and all behind it, would wait after a restart too. Polling does not wait for an output.</summary>
    [Fact]
    public void Live_ShouldHold_WhileLoopsWaitForAnOutputThatFails_ButForConsume()
    {
        _health.Turned("encode");
        _health.Turned("publish");
        _health.OutputsFine(false, "brokers do not answer");
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(_health.Live().Ok);

        _health.OutputsFine(true);
        Assert.False(_health.Live().Ok);

        _health.OutputsFine(false);
        _health.Turned("consume");
        _time.Advance(TimeSpan.FromSeconds(61));
        AssertFails(_health.Live(), "consume", "has not turned for 61 s, over the limit of 60 s");
    }

    [Fact]
    public void Live_ShouldForgetALoop_ThatEnded()
    {
        _health.Turned("consume");
        _health.Ended("consume");

        _time.Advance(TimeSpan.FromDays(1));

        Assert.True(_health.Live().Ok);
    }

    private static void AssertFails(HealthReport report, string name, string why)
    {
        Assert.False(report.Ok);
        Assert.Equal(new HealthCheck(name, false, why), Assert.Single(report.Checks, check => !check.Ok));
    }

    private void MakeReady(int partitions = 1)
    {
        _health.ModelWarm();
        _health.Assigned(partitions);
    }
}
