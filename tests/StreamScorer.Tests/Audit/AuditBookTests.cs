using FsCheck;
using FsCheck.Fluent;
using StreamScorer.Audit;
using StreamScorer.Topics;
using Outcome = StreamScorer.Audit.Outcome;

namespace StreamScorer.Tests.Audit;

public sealed class AuditBookTests
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(300).WithQuietOnSuccess(true);

    [Fact]
    public void Close_ShouldFindNothing_WhenEveryRecordHasItsOutcomeInOrder()
        => Prop.ForAll(Seeds(), seed =>
        {
            var run = new FaultyRun(seed);
            var report = run.Audit();
            return report.IsFine && Plain(report).SequenceEqual(run.Expected);
        }).Check(Thorough);

    [Fact]
    public void Close_ShouldCountEveryFault_AndNoOther()
        => Prop.ForAll(Seeds(), seed =>
        {
            var run = new FaultyRun(seed);
            run.Spoil(faults: 4);
            var found = Plain(run.Audit());
            return found.SequenceEqual(run.Expected).Label($"found {string.Join('\n', found.Select(p => p.ToString()))}\nexpected {string.Join('\n', run.Expected.Select(p => p.ToString()))}");
        }).Check(Thorough);

    [Fact]
    public void Spoil_ShouldPutInEveryKindOfFault_OrThePropertyProvesLittle()
    {
        var faults = Enumerable.Range(0, 50).SelectMany(seed =>
        {
            var run = new FaultyRun(seed);
            run.Spoil(faults: 4);
            return run.Expected;
        }).ToList();

        Assert.All(
            [faults.Sum(f => f.Missing), faults.Sum(f => f.Doubled), faults.Sum(f => f.OutOfOrder), faults.Sum(f => f.Unexpected), faults.Sum(f => f.WrongResultIds), faults.Sum(f => f.FlaggedMissing), faults.Sum(f => f.FlaggedDoubled), faults.Sum(f => f.FlaggedUnexpected)],
            sum => Assert.True(sum >= 10, $"only {sum}"));
    }

    [Fact]
    public void Take_ShouldPassOverOutcomesOutsideTheRange_AndBlameThoseOfNoRecord()
    {
        var book = Book(from: 10, to: 20);
        book.InputEnds = new Dictionary<int, long> { [0] = 30 };

        foreach (var offset in new[] { 5L, 20, 29, 30, 31 })
        {
            book.Take(Output.Scored, 0, new Outcome(OutcomeKind.Outcome, 0, offset));
        }

        book.Take(Output.Scored, 0, new Outcome(OutcomeKind.Outcome, 7, 12)); // the input has no such partition
        book.Take(Output.Scored, 0, Outcome.OtherTopic);
        book.Take(Output.Scored, 0, Outcome.None);
        book.Take(Output.DeadLetter, 0, Outcome.Unreadable);

        var report = book.Close("posts");
        var strays = report.Strays[Output.Scored];
        Assert.Equal((3, 3, 1, 1), (strays.OutsideRange, strays.OfNoRecord, strays.OtherTopic, strays.NoOutcomes));
        Assert.Equal(1, report.Strays[Output.DeadLetter].Unreadable);
        Assert.Equal(0, report.Total.Faults);
        Assert.False(report.IsFine);
    }

    [Fact]
    public void Take_ShouldTakeNoOffence_AtOutcomesOfRecordsThatCompactionRemoved()
    {
        var book = Book(from: 0, to: 10, compacted: true);
        book.Consumed(0, 3, hasValue: true);
        book.Take(Output.Scored, 0, new Outcome(OutcomeKind.Outcome, 0, 2));
        book.Take(Output.Scored, 0, new Outcome(OutcomeKind.Outcome, 0, 3));

        var report = book.Close("posts");

        Assert.True(report.IsFine);
        Assert.Equal((1, 1, 1), (report.Total.Consumed, report.Total.Scored, report.Total.CompactedAway));
    }

    [Fact]
    public void Close_ShouldNameTheOffsets_AsRuns()
    {
        var book = Book(from: 0, to: 100);
        for (var offset = 0; offset < 100; offset++)
        {
            book.Consumed(0, offset, hasValue: true);
            if (offset is < 40 or > 60 and not 70)
            {
                book.Take(Output.Scored, 0, new Outcome(OutcomeKind.Outcome, 0, offset));
            }
        }

        Assert.Equal("40-60, 70", book.Close("posts").Partitions[0].Examples!["missing"]);
    }

    [Fact]
    public void Close_ShouldKeepMemorySmall_WhenTheRangeHasHugeGaps()
    {
        var book = Book(from: 0, to: 10_000_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        book.Consumed(0, 0, hasValue: true);
        book.Consumed(0, 9_999_999_999, hasValue: true);

        Assert.Equal(2, book.Close("posts").Total.Missing);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    private static AuditBook Book(long from, long to, bool compacted = false) => new(new TopicRange("posts", [new PartitionRange(0, from, to)], IsWhole: false), compacted);

    private static Arbitrary<int> Seeds() => Gen.Choose(0, int.MaxValue - 1).ToArbitrary();

    /// <summary>Without examples, which records compare by reference.</summary>
    private static List<PartitionReport> Plain(AuditReport report) => [.. report.Partitions.Select(p => p with { Examples = null })];
}
