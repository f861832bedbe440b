using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed class LogGateTests
{
    private readonly ManualTime _time = new();
    private readonly LogGate _gate;

    public LogGateTests() => _gate = new LogGate(_time);

    [Fact]
    public void Opens_ShouldLetOneThroughPerInterval_AndSayHowManyItHeldBack()
    {
        var told = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            if (_gate.Opens(1001, 7, out var more))
            {
                told.Add(more);
            }

            _time.Advance(LogGate.Interval / 100);
        }

        Assert.Equal(["", " (99 more like it were not told)"], told);
    }

    [Fact]
    public void Opens_ShouldTellKindsAndEventsApart()
    {
        Assert.True(_gate.Opens(1001, 7, out _));
        Assert.True(_gate.Opens(1001, 8, out _));
        Assert.True(_gate.Opens(1002, 7, out _));
        Assert.False(_gate.Opens(1001, 7, out _));
    }
}
