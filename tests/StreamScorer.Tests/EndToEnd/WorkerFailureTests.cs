using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Demo;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Tests.Infer;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

public sealed class WorkerFailureTests : IDisposable
{
    private readonly EmbeddedKafka _kafka = new();

    public void Dispose() => _kafka.Dispose();

    [Fact]
    public async Task Worker_ShouldCommitNothing_WhenARecordIsNotAccepted_AndScoreItAfterARestart()
    {
        var harness = await WorkerHarness.CreateAsync(_kafka, partitions: 1);
        await _kafka.ProduceAsync(harness.Input, [WorkerHarness.Post("a", "1", "hello there")]);
        _kafka.Broker.FailNext(BrokerRequest.Produce, ErrorCode.MsgSizeTooLarge, ErrorCode.MsgSizeTooLarge, ErrorCode.MsgSizeTooLarge, ErrorCode.MsgSizeTooLarge);

        var failure = await Assert.ThrowsAsync<DeliveryException>(() => harness.RunUntilAsync(scored: 1, deadLetters: 0));

        Assert.Contains("Raise max.message.bytes", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, await harness.CommittedAsync());
        _kafka.Broker.ClearFailures(BrokerRequest.Produce);
        var counted = await harness.RunUntilAsync(scored: 1, deadLetters: 0);
        Assert.Equal(1, counted.Scored);
        Assert.Equal(1, await harness.CommittedAsync());
    }

    [Fact]
    public async Task Worker_ShouldGoOn_WhenTheBrokerWasAwayForAMoment()
    {
        var harness = await WorkerHarness.CreateAsync(_kafka, partitions: 1);
        await using var worker = await Worker.OpenAsync(harness.Settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);
        await _kafka.ProduceAsync(harness.Input, [WorkerHarness.Post("a", "1", "before")]);
        await _kafka.ReadAsync(harness.Scored, 1);

        _kafka.Broker.SetDown();
        _kafka.Broker.SetUp();
        await _kafka.ProduceAsync(harness.Input, [WorkerHarness.Post("a", "2", "after")]);

        Assert.Equal(2, (await _kafka.ReadAsync(harness.Scored, 2)).Count);
        await stop.CancelAsync();
        await run.WaitAsync(WorkerHarness.Limit);
        Assert.Equal(2, await harness.CommittedAsync());
    }

    [Fact]
    public async Task Worker_ShouldNotBeReady_WhileNoBrokerAnswers_ThoughItHasNothingToDo()
    {
        var harness = await WorkerHarness.CreateAsync(_kafka, partitions: 1);
        await using var worker = await Worker.OpenAsync(harness.Settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);
        await WorkerHarness.UntilAsync(() => worker.Health.Ready().Ok);

        _kafka.Broker.SetDown();
        await WorkerHarness.UntilAsync(() => !worker.Health.Ready().Ok);
        var fault = Assert.Single(worker.Health.Ready().Checks, check => !check.Ok);
        Assert.Equal("kafka", fault.Name);
        Assert.StartsWith("no broker answers (", fault.Why, StringComparison.Ordinal);
        Assert.True(worker.Health.Live().Ok);

        _kafka.Broker.SetUp();
        await WorkerHarness.UntilAsync(() => worker.Health.Ready().Ok);
        await stop.CancelAsync();
        await run.WaitAsync(WorkerHarness.Limit);
    }

    [Fact]
    public async Task Worker_ShouldDeadLetterOneOf64_WhenTheModelFailsOnItAlone()
    {
        var harness = await WorkerHarness.CreateAsync(_kafka, partitions: 1);
        await _kafka.ProduceAsync(harness.Input, Enumerable.Range(0, 64).Select(i => WorkerHarness.Post("a", $"{i}", i == 40 ? "mosquito" : $"post number {i}")));
        var mosquito = TestPipeline.Encoder(TestPipeline.Bundle.Manifest).Encode("mosquito"u8, new int[16]).Ids.Span[1];

        var counted = await harness.RunUntilAsync(scored: 63, deadLetters: 1, scorer => new PoisonedScorer(scorer, mosquito));

        Assert.Equal((64, 63, 1), (counted.Consumed, counted.Scored, counted.DeadLettered));
        Assert.Equal(64, await harness.CommittedAsync());
        var letter = Assert.Single(await _kafka.ReadToEndAsync(harness.DeadLetters)).Message;
        Assert.Equal("inference", Encoding.UTF8.GetString(letter.Headers.GetLastBytes(Outcomes.HeaderReason)));
        Assert.DoesNotContain("mosquito", Encoding.UTF8.GetString(letter.Headers.GetLastBytes(Outcomes.HeaderMessage)), StringComparison.Ordinal);
        Assert.Equal("40", Encoding.UTF8.GetString(letter.Headers.GetLastBytes(Outcomes.HeaderOffset)));
        var ids = (await _kafka.ReadToEndAsync(harness.Scored)).Select(record => int.Parse(JsonDocument.Parse(record.Message.Value).RootElement.GetProperty("id").GetString()!, CultureInfo.InvariantCulture));
        Assert.Equal(Enumerable.Range(0, 64).Where(i => i != 40), ids);
    }

    [Fact]
    public async Task Preflight_ShouldSayWhatToDo_WhenNoBrokerAnswers()
    {
        var settings = new Settings { Kafka = new KafkaOptions { BootstrapServers = "127.0.0.1:1", ConnectTimeout = TimeSpan.FromSeconds(1) } };

        var fault = Assert.Single(await Preflight.CheckAsync(settings));

        Assert.StartsWith("No Kafka broker answered at 127.0.0.1:1 within 00:00:01", fault, StringComparison.Ordinal);
        Assert.Contains("Kafka:BootstrapServers", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preflight_ShouldNameTheProperty_WhenTheClientRefusesIt()
    {
        var settings = new Settings { Kafka = new KafkaOptions { BootstrapServers = "127.0.0.1:1", Properties = new Dictionary<string, string> { ["no.such.property"] = "1" } } };

        Assert.Contains("no.such.property", Assert.Single(await Preflight.CheckAsync(settings)), StringComparison.Ordinal);
    }
}
