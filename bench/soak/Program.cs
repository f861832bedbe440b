using System.CommandLine;
using Confluent.Kafka;
using Soak;

var servers = new Option<string>("--bootstrap-servers") { Description = "A Kafka", Required = true };
var topic = new Option<string>("--topic") { Description = "Input topic; the outputs have its name with .scored, .flagged, .dead-letter behind", DefaultValueFactory = _ => "soak" };
var seed = new Option<int>("--seed") { Description = "The same seed makes the same posts", DefaultValueFactory = _ => 1 };
var posts = new Option<int>("--posts") { Description = "Posts in all", DefaultValueFactory = _ => 100_000 };
var rate = new Option<double>("--rate") { Description = "Posts a second; 0: as fast as it goes" };
var create = new Option<int>("--create") { Description = "Make the four topics first, with so many partitions" };
var uncommitted = new Option<bool>("--uncommitted") { Description = "Also read what aborted transactions left" };

var produce = new Command("produce", "Send the posts of a seed: all shapes and sizes, strange texts, malformed records, tombstones, aborted transactions.") { servers, topic, seed, posts, rate, create };
produce.SetAction(async (parsed, stop) =>
{
    var topics = SoakTopics.Named(parsed.GetValue(topic)!);
    if (parsed.GetValue(create) is > 0 and var partitions)
    {
        await topics.CreateAsync(Client(parsed), partitions, 1);
    }

    var producer = new SoakProducer(Client(parsed), topics, parsed.GetValue(seed), parsed.GetValue(posts));
    await producer.RunAsync(new Pace(parsed.GetValue(rate)), stop);
    var kinds = Enumerable.Range(0, parsed.GetValue(posts)).CountBy(n => SoakRecord.Make(parsed.GetValue(seed), n).Due).ToDictionary();
    Console.WriteLine($"{producer.Acknowledged} sent: {kinds.GetValueOrDefault(Due.Scored)} to be scored, {kinds.GetValueOrDefault(Due.DeadLetter)} dead letters, {kinds.GetValueOrDefault(Due.Nothing)} tombstones");
    return 0;
});

var verify = new Command("verify", "Hold the outputs against what the seed says was sent, by a reader that shares no code with the worker.") { servers, topic, seed, posts, uncommitted };
verify.SetAction((parsed, _) =>
{
    var topics = SoakTopics.Named(parsed.GetValue(topic)!);
    var verifier = new SoakVerifier(topics, parsed.GetValue(seed), parsed.GetValue(posts));
    using var reader = new SoakReader(Client(parsed), topics, parsed.GetValue(uncommitted) ? IsolationLevel.ReadUncommitted : IsolationLevel.ReadCommitted);
    while (!reader.IsAtEnd)
    {
        if (reader.Next(TimeSpan.FromSeconds(1)) is { } result)
        {
            verifier.Take(result);
        }
    }

    var faults = verifier.Close(parsed.GetValue(posts));
    Console.WriteLine($"{parsed.GetValue(posts)} sent; {verifier.Scored} scored, {verifier.DeadLettered} dead-lettered, {verifier.Erased} erased, {verifier.Doubled} doubled");
    foreach (var (kind, (count, first)) in faults)
    {
        Console.WriteLine($"{count} {kind}; the first: {first}");
    }

    return Task.FromResult(faults.Count == 0 ? 0 : 1);
});

Dictionary<string, string> Client(ParseResult parsed) => new() { ["bootstrap.servers"] = parsed.GetValue(servers)! };

return await new RootCommand("Long runs and trials: loads, an independent check, and things that go wrong.") { produce, verify, TrialCommand.Create() }
    .Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(2) }); // brokers and workers have to be ended
