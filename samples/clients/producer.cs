#:package Confluent.Kafka@2.15.1
#:property PublishAot=false
// Sends posts: dotnet run producer.cs -- [HOST:9092] [TOPIC] < posts.tsv, a line each: AUTHOR, a tab, TEXT. Prints id and place of each that Kafka has acknowledged.
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Confluent.Kafka;

var (servers, topic) = (args.ElementAtOrDefault(0) ?? "localhost:9092", args.ElementAtOrDefault(1) ?? "posts");
var config = new ProducerConfig
{
    BootstrapServers = servers,
    EnableIdempotence = true, // a repeated request makes no second record; implies acks=all
    Partitioner = Partitioner.Murmur2Random, // as Java's clients do: a key meets one partition, whoever sends it
    MessageTimeoutMs = 30_000, // then it has failed
};
using var producer = new ProducerBuilder<string, string>(config)
    .SetLogHandler((_, log) => Console.Error.WriteLine($"Kafka: {log.Message}")).SetErrorHandler((_, _) => { }).Build(); // the log tells errors too, and repeats itself less
var waiting = new List<Task>();
try
{
    while (Console.ReadLine() is { } line)
    {
        waiting.Add(SendAsync(line.Split('\t', 2) is [{ Length: > 0 } author, var text] ? (author, text) : throw new FormatException("Write AUTHOR, a tab, TEXT.")));
        if (waiting.Count == 1_000 || waiting.Exists(task => task.IsFaulted)) { await Task.WhenAll(waiting); waiting.Clear(); } // a client's queue has an end too
    }
    await Task.WhenAll(waiting);
    return 0;
}
catch (Exception e) when (e is ProduceException<string, string> or FormatException) { Console.Error.WriteLine($"Stopped, and what has no line above may not have arrived: {e.Message}"); return 1; }

async Task SendAsync((string Author, string Text) post)
{
    var id = Guid.CreateVersion7().ToString(); // yours, where posts have one: every result brings it back
    var value = new JsonObject { ["id"] = id, ["text"] = post.Text, ["lang"] = "en", ["created_at"] = DateTimeOffset.UtcNow.ToString("O") };
    using var span = new Activity("send post").Start(); // continues the one at hand, and the results continue this one
    var message = new Message<string, string> { Key = post.Author, Value = value.ToJsonString(), Headers = [new Header("traceparent", Encoding.ASCII.GetBytes(span.Id!))] };
    Console.WriteLine($"{id}\t{(await producer.ProduceAsync(topic, message)).TopicPartitionOffset}"); // the key keeps one author's posts in order
}
