using StreamScorer.Demo;

namespace StreamScorer.Tests.Demo;

public sealed class ReckoningTests
{
    private static readonly OutcomeCounts Counts = new() { Sent = 10, Tombstones = 1, Scored = 7, DeadLettered = 2, Flagged = 3 };
    private static readonly Reckoning Even = new(Asked: 10, Counts, Consumed: 10, Filtered: 1);

    [Fact]
    public void ExitCode_ShouldBeZero_WhenEveryRecordHasOneOutcome()
    {
        Assert.Empty(Even.Faults());
        Assert.Equal(0, Even.ExitCode);
    }

    [Fact]
    public void ExitCode_ShouldBeZero_WhenStoppedEarlyWithRecordsLeftUnread()
        => Assert.Equal(0, (Even with { Asked = null, Counts = Counts with { Sent = 500 } }).ExitCode);

    [Fact]
    public void ExitCode_ShouldBeZero_WhenOthersWroteToTheTopicToo()
        => Assert.Equal(0, (Even with { Counts = Counts with { Scored = 8 }, Consumed = 11 }).ExitCode);

    [Fact]
    public void Faults_ShouldTellOfALostRecord() => Check(Even with { Counts = Counts with { Scored = 6 } }, "1 of 10 consumed records have no outcome.");

    [Fact]
    public void Faults_ShouldTellOfALostTombstone() => Check(Even with { Filtered = 0 }, "1 of 10 consumed records have no outcome.");

    [Fact]
    public void Faults_ShouldTellOfARepeatedOutcome() => Check(Even with { Counts = Counts with { Repeated = 2 } }, "2 records have more than one outcome.");

    [Fact]
    public void Faults_ShouldTellOfAnOutcomeWithoutARecord()
        => Check(Even with { Counts = Counts with { DeadLettered = 3 } }, "11 records have an outcome and only 10 were consumed.");

    [Fact]
    public void Faults_ShouldTellOfAnUnreadRecord()
        => Check(Even with { Consumed = 9, Counts = Counts with { Scored = 6 } }, "10 records are in the topic and only 9 were consumed.");

    [Fact]
    public void Faults_ShouldTellOfARecordThatWasNotSent() => Check(Even with { Asked = 11 }, "11 posts were asked for and 10 sent.");

    [Fact]
    public void Faults_ShouldTellOfARecordThatWasNotAcknowledged()
        => Check(Even with { Counts = Counts with { SendFailures = 1, Scored = 6 }, Consumed = 9 }, "1 of 10 records were not acknowledged by the broker.");

    private static void Check(Reckoning reckoning, string expected)
    {
        Assert.Equal([expected], reckoning.Faults());
        Assert.Equal(1, reckoning.ExitCode);
    }
}
