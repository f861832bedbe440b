using Confluent.Kafka;
using StreamScorer.Operate;

namespace StreamScorer.Consume;

/// <summary>
/// Whether any broker answers: a worker without posts would not notice that none does. The client tells when it loses a broker and not when it has one again, so as long
/// as there is doubt they are asked. Everything here runs on the consume thread, whose polls wait meanwhile; with all brokers away they have nothing to bring.
/// </summary>
internal sealed class BrokerWatch(Handle client, string topic, HealthState health, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Many times what a broker takes for its smallest answer.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>It has a thread of its own that never rests, so it is there only while it is needed.</summary>
    private IAdminClient? _asking;
    private long _asked;

    /// <summary>The client reported an error.</summary>
    public void Doubt() => _asking ??= new DependentAdminClientBuilder(client).Build();

    /// <summary>Asks, when there is doubt and the last question is some time ago.</summary>
    public void Look()
    {
        if (_asking is null || time.GetElapsedTime(_asked) < Interval)
        {
            return;
        }

        _asked = time.GetTimestamp();
        try
        {
            _asking.GetMetadata(topic, Limit);
            health.Brokers(fault: null);
            Dispose();
        }
        catch (KafkaException e)
        {
            // Pressure tier: the clients reconnect by themselves.
            health.Brokers($"no broker answers ({e.Error.Code}: {e.Error.Reason})");
        }
    }

    public void Dispose()
    {
        _asking?.Dispose();
        _asking = null;
    }
}
