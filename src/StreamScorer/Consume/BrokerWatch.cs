using Confluent.Kafka;
using StreamScorer.Operate;

namespace StreamScorer.Consume;

/// <summary>
/// Whether any broker answers: a worker without posts would not notice that none does. The client tells when it loses a broker and not when it has one again, so as long
/// as there is doubt they are asked. Everything here runs on the consume thread, whose polls wait meanwhile; with all brokers away they have nothing to bring.
/// </summary>
internal sealed class BrokerWatch(Handle client, string topic, HealthState health, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Many times what a broker takes for its smallest answer.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private bool _doubt;
    private long _asked;

    /// <summary>The client reported an error.</summary>
    public void Doubt() => _doubt = true;

    /// <summary>Asks, when there is doubt and the last question is some time ago.</summary>
    public void Look()
    {
        if (!_doubt || time.GetElapsedTime(_asked) < Interval)
        {
            return;
        }

        _asked = time.GetTimestamp();

        // For this one question: a thread of it reads the consumer's memory as long as it lives, so it must never outlive the consumer.
        using var asking = new DependentAdminClientBuilder(client).Build();
        try
        {
            asking.GetMetadata(topic, Limit);
            health.Brokers(fault: null);
            _doubt = false;
        }
        catch (KafkaException e)
        {
            // Pressure tier: the clients reconnect by themselves.
            health.Brokers($"no broker answers ({e.Error.Code}: {e.Error.Reason})");
        }
    }
}
