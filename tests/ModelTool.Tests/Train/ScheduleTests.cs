using ModelTool.Train;

namespace ModelTool.Tests.Train;

public sealed class ScheduleTests
{
    [Fact]
    public void Rate_ShouldRiseAndFallLinearly_WhenThereIsAWarmUp()
    {
        var schedule = new Schedule(1, 0.2, 10);

        Assert.Equal([0.5, 1, 1, 0.875, 0.125], new long[] { 0, 1, 2, 3, 9 }.Select(schedule.Rate));
    }

    [Fact]
    public void Rate_ShouldBeginAtItsPeak_WhenThereIsNoWarmUp() => Assert.Equal(3, new Schedule(3, 0, 10).Rate(0));
}
