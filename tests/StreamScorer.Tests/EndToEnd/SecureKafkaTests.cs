using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Tests.Kafka;
using StreamScorer.Topics;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>TLS, passwords, tokens and client certificates on a real broker, and what a person reads when they are wrong.</summary>
public sealed class SecureKafkaTests(SecureKafkaFixture fixture)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(6);

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("SCRAM-SHA-512")]
    [InlineData("OAUTHBEARER")]
    [InlineData("a client certificate")]
    public async Task Worker_ShouldScore_OverTls_WithAnyWayToSignIn(string way)
    {
        var kafka = await fixture.GetAsync();
        var harness = await WorkerHarness.CreateAsync(kafka.Plain, partitions: 1);
        var connection = way switch
        {
            "OAUTHBEARER" => kafka.WithToken(kafka.WriteToken(TimeSpan.FromMinutes(10))),
            "a client certificate" => kafka.WithCertificate(),
            _ => kafka.WithPassword(way),
        };
        harness = harness.With(connection);
        await kafka.Plain.ProduceAsync(harness.Input, [WorkerHarness.Post("a", "1", "hello there"), WorkerHarness.Raw("b", "no json")]);

        var counted = await harness.RunUntilAsync(scored: 1, deadLetters: 1);

        Assert.Equal((2, 1, 1), (counted.Consumed, counted.Scored, counted.DeadLettered));
        Assert.Equal(2, await harness.CommittedAsync());

        // The tools sign in as the worker does.
        using var cluster = Cluster.Connect(connection);
        var read = 0;
        new RangeReader<byte[]?>(connection, IsolationLevel.ReadCommitted, Bytes.Instance).Read(await TopicRange.ResolveAsync(cluster, harness.Input, null, null), _ => read++, CancellationToken.None);
        Assert.Equal(2, read);
    }

    [Fact]
    public async Task Worker_ShouldReadItsTokenAgain_BeforeItEnds()
    {
        var kafka = await fixture.GetAsync();
        var harness = await WorkerHarness.CreateAsync(kafka.Plain, partitions: 1);
        var life = TimeSpan.FromSeconds(5);
        var file = kafka.WriteToken(TimeSpan.FromMinutes(10));
        await using var worker = await Worker.OpenAsync(harness.With(kafka.WithToken(file)).Settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();

        // Only now, so that the clients have renewed it well before it ends: one that ends while librdkafka fetches committed offsets is a segmentation fault (docs/reliability.md).
        await File.WriteAllTextAsync(file, SecureKafka.Token(life));
        var started = TimeProvider.System.GetTimestamp();
        var run = worker.RunAsync(stop.Token);

        // The broker ends a connection whose token has ended (connections.max.reauth.ms), so without a new one nothing is scored any more.
        var sent = 0;
        do
        {
            await File.WriteAllTextAsync(file, SecureKafka.Token(TimeSpan.FromMinutes(10)));
            await kafka.Plain.ProduceAsync(harness.Input, [WorkerHarness.Post("a", $"{sent++}", "still there?")]);
            await await Task.WhenAny(run, kafka.Plain.ReadAsync(harness.Scored, sent, WorkerHarness.Limit));
        }
        while (TimeProvider.System.GetElapsedTime(started) < 2 * life);

        await stop.CancelAsync();
        await run.WaitAsync(WorkerHarness.Limit);
        Assert.Equal(sent, worker.Telemetry.Read().Scored);
    }

    [Fact]
    public async Task CheckAsync_ShouldSayInOneLineWhatIsWrongWithTheConnection_AndHowToCureIt()
    {
        var kafka = await fixture.GetAsync();
        var (good, mutual, token) = (kafka.WithPassword("SCRAM-SHA-512"), kafka.WithCertificate(), kafka.WithToken(kafka.WriteToken(TimeSpan.FromMinutes(-1))));
        var (sasl, other, ended) = (kafka.Address("SASL"), kafka.Address("ELSEWHERE"), kafka.Address("ENDED"));
        (KafkaOptions Connection, string Fault)[] cases =
        [
            (With(good, ("ssl.ca.location", kafka.Certificates.StrangeAuthorityFile)), $"certificate of the broker at {sasl} is signed by 'Test CA', which is not trusted here. Set Kafka:Properties:ssl.ca.location"),
            (With(good, ("ssl.ca.location", null)), "is not trusted here. Set Kafka:Properties:ssl.ca.location to the PEM file of the CA that signed it; now the system's CAs are taken."),
            (With(good, ("ssl.ca.location", "/no/such/ca.pem")), "Kafka:Properties: ssl.ca.location failed"),
            (kafka.Secured("ELSEWHERE", ("security.protocol", "SSL")), $"certificate of the broker at {other} is for 'broker.example.org', not for '127.0.0.1'. Use such a name in Kafka:BootstrapServers"),
            (kafka.Secured("ENDED", ("security.protocol", "SSL")), $"certificate of the broker at {ended} ended on {DateTime.UtcNow.AddDays(-10):yyyy-MM-dd}"),
            (With(good, ("sasl.password", "wrong")), $"broker at {sasl} refuses user 'worker' by SCRAM-SHA-512"),
            (With(good, ("sasl.username", "nobody")), $"broker at {sasl} refuses user 'nobody' by SCRAM-SHA-512"),
            (With(good, ("sasl.mechanism", "PLAIN"), ("sasl.password", "wrong")), "refuses user 'worker' by PLAIN: SASL authentication error: Authentication failed: Invalid username or password. Check Kafka:Properties:sasl.username and sasl.password"),
            (With(good, ("sasl.mechanism", "SCRAM-SHA-256")), "does not offer SCRAM-SHA-256"),
            (With(good, ("security.protocol", "PLAINTEXT")), $"broker at {sasl} hangs up at once, and Kafka:Properties:security.protocol is PLAINTEXT."),
            (good with { BootstrapServers = kafka.Plain.BootstrapServers }, $"broker at {kafka.Plain.BootstrapServers} does not speak TLS there, and Kafka:Properties:security.protocol is SASL_SSL."),
            (With(mutual, ("ssl.certificate.location", null), ("ssl.key.location", null), ("ssl.key.password", null)), "asks for a client certificate and did not accept ours (none is set)."),
            (With(mutual, ("ssl.key.password", "wrong")), "and that the password of the key is right."),
            (token, $"the token in {token.TokenFile} ended at "),
            (token with { TokenFile = "/no/such/token" }, "'/no/such/token'. Check who renews /no/such/token (Kafka:TokenFile)"),
            (token with { TokenFile = kafka.WriteToken("an opaque token") }, "was not given a token that it takes: SASL authentication error: Authentication failed"),
        ];

        var found = await Task.WhenAll(cases.Select(c => Task.Run(() => Preflight.CheckAsync(new Settings { Kafka = c.Connection with { ConnectTimeout = Soon } }))));

        Assert.All(cases.Zip(found), c =>
        {
            var fault = Assert.Single(c.Second);
            Assert.Contains(c.First.Fault, fault, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', fault);
            Assert.DoesNotContain(SecureListeners.Password, fault, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task CheckAsync_ShouldNameEveryPermissionThatIsMissing()
    {
        var kafka = await fixture.GetAsync();
        var harness = (await WorkerHarness.CreateAsync(kafka.Plain, partitions: 1)).With(kafka.WithPassword("PLAIN"));
        Assert.Empty(await Preflight.CheckAsync(harness.Settings));

        await kafka.AllowAsync("another", ResourceType.Topic, harness.Input, AclOperation.Read);
        await kafka.AllowAsync(SecureListeners.User, ResourceType.Topic, harness.Scored, AclOperation.Read);
        await kafka.AllowAsync(SecureListeners.User, ResourceType.Topic, harness.Flagged, AclOperation.Write);
        await kafka.AllowAsync("another", ResourceType.Group, harness.Settings.Kafka.GroupId, AclOperation.Read);
        var faults = await Preflight.CheckAsync(harness.Settings with { Publish = harness.Settings.Publish with { DeadLetterTopic = "absent" } });

        Assert.Collection(
            faults,
            fault => Assert.StartsWith($"The user 'worker' may not see the topic '{harness.Input}' (Consume:Topic), or it does not exist. Grant it: kafka-acls.sh", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith($"The user 'worker' may not write the topic '{harness.Scored}' (Publish:ScoredTopic)", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("The topic 'absent' (Publish:DeadLetterTopic) does not exist", fault, StringComparison.Ordinal),
            fault => Assert.EndsWith($"--allow-principal User:worker --operation Read --group {harness.Settings.Kafka.GroupId}", fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task CheckAsync_ShouldSayWhatToDoInstead_WhenTheClientHasNoCurl()
    {
        var options = new KafkaOptions { Properties = new Dictionary<string, string> { ["security.protocol"] = "SASL_SSL", ["sasl.mechanism"] = "OAUTHBEARER", ["sasl.oauthbearer.method"] = "oidc", ["sasl.oauthbearer.client.id"] = "me", ["sasl.oauthbearer.client.secret"] = "s3cret", ["sasl.oauthbearer.token.endpoint.url"] = "https://127.0.0.1:1/token" } };

        var fault = Assert.Single(await Preflight.CheckAsync(new Settings { Kafka = options with { ConnectTimeout = Soon } }));

        Assert.SkipUnless(fault.Contains("libcurl", StringComparison.Ordinal), "This librdkafka has curl.");
        Assert.Contains("Kafka:TokenFile", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault, StringComparison.Ordinal);
    }

    private static KafkaOptions With(KafkaOptions connection, params (string Key, string? Value)[] changes)
    {
        var properties = new Dictionary<string, string>(connection.Properties);
        foreach (var (key, value) in changes)
        {
            properties.Remove(key);
            if (value is not null)
            {
                properties[key] = value;
            }
        }

        return connection with { Properties = properties };
    }
}
