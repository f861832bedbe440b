using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace StreamScorer.Demo;

/// <summary>
/// Kafka brokers inside this process, for the demo and for fast tests: librdkafka's mock cluster on free loopback ports. Real
/// clients of other processes can connect. It keeps 5 MB a partition and drops what is older without a word, forgets all on
/// dispose, and its transactions prove nothing; claims about delivery are tested on a real Kafka.
/// </summary>
internal sealed partial class EmbeddedBroker : IDisposable
{
    /// <summary>Stands for every broker of the cluster.</summary>
    public const int All = -1;

    private readonly Lock _gate = new();
    private readonly nint _cluster;
    private readonly nint _client;
    private bool _disposed;

    /// <param name="brokers">Brokers of the cluster; their ids count from 1.</param>
    /// <exception cref="InvalidOperationException">librdkafka could not make the cluster; the message is its own.</exception>
    public EmbeddedBroker(int brokers = 1)
    {
        _client = OpenClient();
        _cluster = Native.ClusterNew(_client, brokers);
        if (_cluster == 0)
        {
            Native.ClientDestroy(_client);
            throw new InvalidOperationException("librdkafka could not start its mock cluster; are loopback ports free?");
        }

        // The default of 3 s before a group's first assignment is meant for large groups.
        Native.GroupInitialRebalanceDelay(_cluster, 0);

        // Without a controller the cluster and topic descriptions of admin clients wait until they time out.
        Native.SetController(_cluster, 1);
        BootstrapServers = Marshal.PtrToStringUTF8(Native.Bootstraps(_cluster))!;
    }

    /// <summary>host:port of every broker, separated by commas. The ports are the system's choice.</summary>
    public string BootstrapServers { get; }

    /// <summary>Topics that clients make by using them get four partitions; this makes any number.</summary>
    /// <exception cref="KafkaException">The topic exists, or a number is out of range.</exception>
    public void CreateTopic(string topic, int partitions, int replicas = 1)
        => Call(cluster => Native.TopicCreate(cluster, topic, partitions, replicas));

    /// <summary>Closes the broker's connections and refuses new ones; its data stays. No other broker takes over its partitions.</summary>
    public void SetDown(int broker = All) => Call(cluster => Native.BrokerDown(cluster, broker));

    public void SetUp(int broker = All) => Call(cluster => Native.BrokerUp(cluster, broker));

    /// <summary>Delays every answer of a broker.</summary>
    public void SetRoundTripTime(TimeSpan delay, int broker = All)
        => Call(cluster => Native.BrokerRoundTripTime(cluster, broker, (int)delay.TotalMilliseconds));

    /// <summary>The next requests of this kind, on any broker, fail with these errors, one each, in this order.</summary>
    public void FailNext(BrokerRequest request, params ErrorCode[] errors)
        => Call(cluster =>
        {
            Native.PushRequestErrors(cluster, (short)request, (nuint)errors.Length, Array.ConvertAll(errors, error => (int)error));
            return 0;
        });

    /// <summary>Takes back the errors that no request has met yet.</summary>
    public void ClearFailures(BrokerRequest request)
        => Call(cluster =>
        {
            Native.ClearRequestErrors(cluster, (short)request);
            return 0;
        });

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                Native.ClusterDestroy(_cluster);
                Native.ClientDestroy(_client);
            }
        }
    }

    /// <summary>The mock cluster lives on the threads of a client that does nothing else.</summary>
    private static nint OpenClient()
    {
        var error = new byte[512];
        var configuration = Native.ConfigurationNew();

        // Hides its warning that it has no bootstrap servers; it needs none.
        _ = Native.ConfigurationSet(configuration, "log_level", "4", error, (nuint)error.Length);
        var client = Native.ClientNew(Native.Producer, configuration, error, (nuint)error.Length); // owns the configuration from now on
        if (client == 0)
        {
            Native.ConfigurationDestroy(configuration);
            throw new InvalidOperationException($"librdkafka could not start: {Encoding.UTF8.GetString(error).TrimEnd('\0')}");
        }

        return client;
    }

    private void Call(Func<nint, int> call)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (call(_cluster) is var code && code != 0)
            {
                throw new KafkaException(new Error((ErrorCode)code));
            }
        }
    }
}

/// <summary>Kinds of requests that can be made to fail, with their numbers in the Kafka protocol.</summary>
internal enum BrokerRequest : short
{
    Produce = 0,
    Fetch = 1,
    ListOffsets = 2,
    Metadata = 3,
    OffsetCommit = 8,
    OffsetFetch = 9,
    FindCoordinator = 10,
    JoinGroup = 11,
    Heartbeat = 12,
    LeaveGroup = 13,
    SyncGroup = 14,
    InitProducerId = 22,
}
