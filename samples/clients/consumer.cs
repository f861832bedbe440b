#:package Confluent.Kafka@2.15.1
#:property PublishAot=false
// Prints what was flagged, as it comes (id, decision, why), until Ctrl-C or SIGTERM: dotnet run consumer.cs -- [HOST:9092] [TOPIC] [GROUP]
using System.Runtime.InteropServices;
using System.Text.Json;
using Confluent.Kafka;

var (servers, topic, group) = (args.ElementAtOrDefault(0) ?? "localhost:9092", args.ElementAtOrDefault(1) ?? "posts.flagged", args.ElementAtOrDefault(2) ?? "flag-reader");
var config = new ConsumerConfig
{
    BootstrapServers = servers,
    GroupId = group,
    AutoOffsetReset = AutoOffsetReset.Earliest, // where a new group begins
    IsolationLevel = IsolationLevel.ReadCommitted, // else records of aborted transactions come too, and the same posts again
    EnableAutoOffsetStore = false, // a record is read when StoreOffset says so
};
using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var consumer = new ConsumerBuilder<Ignore, byte[]?>(config)
    .SetLogHandler((_, log) => Console.Error.WriteLine($"Kafka: {log.Message}")).SetErrorHandler((_, _) => { }).Build(); // the log tells errors too, and repeats itself less
consumer.Subscribe(topic);
try
{
    for (var record = consumer.Consume(stop.Token); ; record = consumer.Consume(stop.Token))
    {
        if (record.Message.Value is { } value) // without one it is a tombstone: forget what was said of its key
        {
            var post = JsonDocument.Parse(value).RootElement;
            var why = post.GetProperty("why").EnumerateArray().Select(w => FormattableString.Invariant($"{w.GetProperty("label")} {w.GetProperty("probability").GetSingle():0.00} >= {w.GetProperty("threshold").GetSingle():0.00}"));
            Console.WriteLine($"{post.GetProperty("id")}\t{post.GetProperty("decision")}\t{string.Join(", ", why)}");
        }
        consumer.StoreOffset(record); // after the work: a crash before it brings the record again, with the same result_id
    }
}
catch (OperationCanceledException) { return 0; }
catch (ConsumeException e) { Console.Error.WriteLine($"Kafka: {e.Error.Reason}"); return 1; }
finally { consumer.Close(); } // commits what was stored, and leaves the group at once
void Stop(PosixSignalContext signal) { signal.Cancel = true; stop.Cancel(); }
