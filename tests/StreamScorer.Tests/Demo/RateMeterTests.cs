using StreamScorer.Demo;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Demo;

public sealed class RateMeterTests
{
    private readonly ManualTime _time = new();
    private readonly RateMeter _meter;

    public RateMeterTests() => _meter = new RateMeter(_time, seconds: 4);

    [Fact]
    public void History_ShouldBeEmpty_BeforeTheFirstSecondIsOver()
    {
        Add(3);

        Assert.Empty(_meter.History());
    }

    [Fact]
    public void History_ShouldCountByTheSecond_OldestFirst()
    {
        Add(3);
        Pass(1);
        Add(5);
        Pass(2);
        Add(7);

        Assert.Equal([3L, 5, 0], _meter.History());
    }

    [Fact]
    public void History_ShouldForgetWhatIsOlder()
    {
        foreach (var count in Enumerable.Range(1, 9))
        {
            Add(count);
            Pass(1);
        }

        Assert.Equal([6L, 7, 8, 9], _meter.History());
    }

    [Fact]
    public void History_ShouldBeZero_AfterALongPause()
    {
        Add(3);
        Pass(1_000);

        Assert.Equal([0L, 0, 0, 0], _meter.History());
    }

    private void Add(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _meter.Add();
        }
    }

    private void Pass(int seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));
}
