using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Recover;
using StreamScorer.Shared.Contracts;
using StreamScorer.Tests.Infer;

namespace StreamScorer.Tests.Recover;

/// <summary>A crash is a guard that is let go of without a word, as the kernel does with a process's files.</summary>
public sealed class CrashGuardTests : IDisposable
{
    private const int Posts = 40;

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "streamscorer-test-" + Guid.NewGuid().ToString("N"));
    private readonly Telemetry _telemetry = new(TimeProvider.System);

    public void Dispose()
    {
        _telemetry.Dispose();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(Posts - 1)]
    public async Task Guard_ShouldFindTheRecordThatKills_AndLeaveTheOthersAsTheyAre(int killer)
    {
        var text = $"number {killer}";
        var row = TestPipeline.Encoder(TestPipeline.Bundle.Manifest).Encode(System.Text.Encoding.UTF8.GetBytes(text), new int[16]).Ids.ToArray();
        IReadOnlyList<Entry>? entries = null;
        var crashes = 0;
        for (; entries is null && crashes < 20; crashes++)
        {
            using var guard = Open(restarts: 3);
            var scorer = new FaultyScorer();
            scorer.Before = batch =>
            {
                for (var i = 0; i < batch.Rows; i++)
                {
                    if (batch.Row(i).SequenceEqual(row))
                    {
                        throw new FormatException("the process is gone");
                    }
                }
            };
            using var pipeline = new TestPipeline(scorer, guard: guard);
            try
            {
                entries = await pipeline.RunAsync([.. Enumerable.Range(0, Posts).Select(i => $"number {i}")]);
            }
            catch (FormatException)
            {
            }
        }

        Assert.NotNull(entries);
        Assert.Equal(5 + 1, crashes); // three in company, two alone, and the run that goes through
        Assert.Equal(Enumerable.Range(0, Posts).Select(i => (long)i), entries.Select(entry => entry.Source.Offset));
        Assert.All(entries, entry => Assert.Equal(entry.Source.Offset == killer, entry.Reject is { Reason: RejectReason.CrashLoop }));
        Assert.All(entries, entry => Assert.Equal(entry.Source.Offset == killer, entry.Verdict is null));
    }

    [Fact]
    public async Task Isolated_ShouldForgetRecords_OnceTheyAreWorked()
    {
        await CrashAsync(Records.At(0, 1), Records.At(0, 2));
        using var guard = Open(restarts: 1);
        var isolated = guard.Isolated;

        Assert.True(isolated!(Records.At(0, 2)));
        Assert.False(isolated(Records.At(0, 3)));
        Assert.False(isolated(Records.At(1, 1)));
        await EnterAsync(guard, Records.At(0, 1));
        guard.Leave();
        Assert.NotNull(guard.Isolated);
        await EnterAsync(guard, Records.At(0, 2));
        guard.Leave();
        Assert.Null(guard.Isolated);
    }

    [Fact]
    public async Task EnterAsync_ShouldKeepOneRecordAlone_WhenItIsIsolated()
    {
        await CrashAsync(Records.At(0, 1));
        using var guard = Open(restarts: 1);
        await EnterAsync(guard, Records.At(0, 0));

        var alone = guard.EnterAsync([Records.At(0, 1)], CancellationToken.None).AsTask();
        Assert.False(alone.IsCompleted);
        guard.Leave();
        await alone.WaitAsync(TestPipeline.Limit);
        var next = guard.EnterAsync([Records.At(0, 2)], CancellationToken.None).AsTask();
        Assert.False(next.IsCompleted);
        guard.Leave();
        await next.WaitAsync(TestPipeline.Limit);
    }

    [Fact]
    public async Task Rest_ShouldHoldNothingAgainstTheRecords_AndLeaveNoFile()
    {
        using (var guard = Open(restarts: 1))
        {
            await EnterAsync(guard, Records.At(0, 1));
            guard.Rest(committed: true);
        }

        Assert.Empty(Directory.GetFiles(_folder));
        using var next = Open(restarts: 1);
        Assert.Null(next.Isolated);
    }

    [Fact]
    public async Task IsGuilty_ShouldNotHold_ForAnotherRecordAtTheSamePlace_NorOnceTheGroupIsBeyondIt()
    {
        for (var crash = 0; crash < 2; crash++)
        {
            await CrashAsync(Records.At(0, 7));
        }

        using (var guard = Open(restarts: 1))
        {
            Assert.True(guard.IsGuilty(Records.At(0, 7)));
            Assert.False(guard.IsGuilty(Records.At(0, 7) with { Timestamp = 1 }));
            await EnterAsync(guard, Records.At(0, 7));
            guard.Leave();
            await EnterAsync(guard, Records.At(0, 8));
            guard.Leave();
            Assert.True(guard.IsGuilty(Records.At(0, 7))); // its dead letter may not be committed yet
        }

        using var next = Open(restarts: 1);
        Assert.True(next.IsGuilty(Records.At(0, 7)));
        await EnterAsync(next, Records.At(0, 8));
        Assert.False(next.IsGuilty(Records.At(0, 7)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rest_ShouldForgetTheGuilty_OnlyOnceTheirOutcomeIsCommitted(bool committed)
    {
        await CrashAsync(Records.At(0, 7));
        await CrashAsync(Records.At(0, 7));
        using (var guard = Open(restarts: 1))
        {
            await EnterAsync(guard, Records.At(0, 7));
            guard.Leave();
            guard.Rest(committed);
        }

        using var next = Open(restarts: 1);
        Assert.Equal(!committed, next.IsGuilty(Records.At(0, 7)));
    }

    [Fact]
    public async Task Open_ShouldGiveEachWorkerAFileOfItsOwn()
    {
        using var first = Open(restarts: 1);
        using var second = Open(restarts: 1);
        await EnterAsync(first, Records.At(0, 1));
        await EnterAsync(second, Records.At(1, 1));

        Assert.Equal(["group%2f1.0.json", "group%2f1.1.json"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Dispose_ShouldLeaveNoFile_WhenNothingWasAtWork()
    {
        Open(restarts: 1).Dispose();

        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Open_ShouldStartAnew_WhenTheFileIsNotOurs()
    {
        Directory.CreateDirectory(_folder);
        await File.WriteAllTextAsync(Path.Combine(_folder, "group%2f1.0.json"), "{\"working\": 7}\n");

        using var guard = Open(restarts: 1);

        Assert.Null(guard.Isolated);
    }

    [Fact]
    public async Task Guard_ShouldWarnOnce_AndGoOn_WhenTheFolderCannotBeMadeOrTheDiskIsFull()
    {
        var file = Path.GetTempFileName();
        var warnings = new Warnings();
        using (var guard = Open(restarts: 3, Path.Combine(file, "state"), warnings))
        {
            await EnterAsync(guard, Records.At(0, 1));
            guard.Leave();
        }

        Assert.Contains("set Recover:Folder to another one", Assert.Single(warnings.Lines), StringComparison.Ordinal);
        File.Delete(file);
        Directory.CreateDirectory(_folder);
        File.CreateSymbolicLink(Path.Combine(_folder, "group%2f1.0.json"), "/dev/full");
        warnings.Lines.Clear();
        using (var guard = Open(restarts: 3, _folder, warnings))
        {
            await EnterAsync(guard, Records.At(0, 1));
            guard.Leave();
            await EnterAsync(guard, Records.At(0, 2));
            guard.Rest(committed: true);
        }

        Assert.Contains("No space left on device", Assert.Single(warnings.Lines), StringComparison.Ordinal);
    }

    private async Task CrashAsync(params SourceRecord[] records)
    {
        using var guard = Open(restarts: 1);
        await EnterAsync(guard, records);
    }

    private static async Task EnterAsync(CrashGuard guard, params SourceRecord[] records)
        => await guard.EnterAsync(records, CancellationToken.None).AsTask().WaitAsync(TestPipeline.Limit);

    private CrashGuard Open(int restarts, string? folder = null, ILogger? logger = null) => CrashGuard.Open(
        new Settings { Kafka = new KafkaOptions { GroupId = "group/1" }, Recover = new RecoverOptions { Restarts = restarts, Folder = folder ?? _folder } }, _telemetry, logger ?? NullLogger.Instance);

    private sealed class Warnings : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Assert.Equal(LogLevel.Warning, logLevel);
            Lines.Add(formatter(state, exception));
        }
    }
}
