using StreamScorer.Consume;

namespace StreamScorer.Tests.Consume;

public sealed class PressureTests
{
    private readonly Pressure _pressure = new(new ConsumeOptions { MaxBufferedRecords = 100, MaxBufferedBytes = 1_000_000 });

    [Fact]
    public void Weigh_ShouldPauseWhenFull_AndResumeWhenHalfEmpty()
    {
        var reasons = new[] { 99, 100, 60, 51, 50, 60, 99, 100 }.Select(records => Weigh(records)).ToList();

        Assert.Equal(
            [PauseReasons.None, PauseReasons.Records, PauseReasons.Records, PauseReasons.Records, PauseReasons.None, PauseReasons.None, PauseReasons.None, PauseReasons.Records],
            reasons);
    }

    [Fact]
    public void Weigh_ShouldHoldEachReasonByItself()
    {
        Assert.Equal(PauseReasons.Records | PauseReasons.Bytes, Weigh(100, 1_000_000));
        Assert.Equal(PauseReasons.Bytes, Weigh(50, 900_000));
        Assert.Equal(PauseReasons.None, Weigh(60, 400_000));
    }

    [Fact]
    public void Weigh_ShouldPause_WhileAnOutputIsNotAccepted_OrTheWorkerStops()
    {
        Assert.Equal(PauseReasons.None, Weigh(unanswered: Pressure.StallLimit - TimeSpan.FromTicks(1)));
        Assert.Equal(PauseReasons.Output, Weigh(unanswered: Pressure.StallLimit));
        Assert.Equal(PauseReasons.None, Weigh());
        Assert.Equal(PauseReasons.Draining, Weigh(draining: true));
    }

    private PauseReasons Weigh(int records = 0, long bytes = 0, TimeSpan unanswered = default, bool draining = false) => _pressure.Weigh(records, bytes, unanswered, draining);
}
