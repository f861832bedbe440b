using StreamScorer.Consume;

namespace StreamScorer.Tests.Consume;

public sealed class MicroBatchLimitTests
{
    private readonly MicroBatchLimit _limit = new(new ConsumeOptions { TargetMicroBatchDuration = TimeSpan.FromMilliseconds(250), MaxBytesPerMicroBatch = 1_000_000 });

    [Fact]
    public void Bytes_ShouldBeWhatTheModelDoesInTheTargetDuration_AfterOneMeasurement()
    {
        _limit.Observe(bytes: 40_000, seconds: 1);

        Assert.Equal(10_000, _limit.Bytes);
    }

    [Fact]
    public void Bytes_ShouldFollowTheModel_WhenItsSpeedChanges()
    {
        _limit.Observe(40_000, 1);
        for (var i = 0; i < 40; i++)
        {
            _limit.Observe(80_000, 1);
        }

        Assert.InRange(_limit.Bytes, 19_900, 20_000);
    }

    [Fact]
    public void Bytes_ShouldHardlyMove_WhenOneCallWasSlow()
    {
        _limit.Observe(40_000, 1);

        _limit.Observe(40_000, 2);

        Assert.Equal(8_000, _limit.Bytes); // a quarter of the doubled time: 1.25 times slower
    }

    [Theory]
    [InlineData(1, 10, 4_096)]
    [InlineData(1_000_000_000, 0.001, 1_000_000)]
    public void Bytes_ShouldStayWithinBounds(long bytes, double seconds, long expected)
    {
        _limit.Observe(bytes, seconds);

        Assert.Equal(expected, _limit.Bytes);
    }

    [Fact]
    public void Observe_ShouldIgnoreMicroBatchesWithoutModelTime()
    {
        var before = _limit.Bytes;

        _limit.Observe(0, 1);
        _limit.Observe(100, 0);

        Assert.Equal(before, _limit.Bytes);
    }
}
