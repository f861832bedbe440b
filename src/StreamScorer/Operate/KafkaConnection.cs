using System.Collections.Concurrent;
using Confluent.Kafka;
using StreamScorer.Configure;

namespace StreamScorer.Operate;

/// <summary>The first contact with the brokers, where everything about addresses, certificates and passwords shows.</summary>
internal static class KafkaConnection
{
    /// <summary>Between two looks whether waiting still makes sense.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(500);

    /// <returns>A client that has an answer, and what the brokers told of all topics that this user may see.</returns>
    /// <exception cref="StartupException">There is no answer; one line that says why and how to cure it.</exception>
    public static (IAdminClient Admin, Metadata Metadata) Open(KafkaOptions kafka)
    {
        var errors = new ConcurrentQueue<Error>();
        var admin = Build(kafka, errors);
        try
        {
            return (admin, Ask(admin, kafka, errors));
        }
        catch (KafkaException e)
        {
            admin.Dispose();
            throw new StartupException(ConnectionFault.Describe(kafka, Telling(errors) ?? e.Error));
        }
    }

    private static IAdminClient Build(KafkaOptions kafka, ConcurrentQueue<Error> errors)
    {
        try
        {
            return new AdminClientBuilder(kafka.Client<AdminClientConfig>())
                .SetErrorHandler((_, error) => errors.Enqueue(error))
                .SetLogHandler((_, message) => Note(message, errors))
                .SetOAuthBearerTokenRefreshHandler(kafka.TokenHandler)
                .Build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            // The client refuses a property by its name or value, or cannot read a file that one names.
            throw new StartupException($"Kafka:Properties: {ConnectionFault.OfProperties(kafka, e.Message)}");
        }
    }

    /// <summary>Why a broker hangs up is only in the client's log.</summary>
    private static void Note(LogMessage message, ConcurrentQueue<Error> errors)
    {
        if (message.Facility == "FAIL")
        {
            errors.Enqueue(new Error(ErrorCode.Local_Transport, message.Message[(message.Message.IndexOf("]: ", StringComparison.Ordinal) is var end and >= 0 ? end + 3 : 0)..]));
        }
    }

    /// <summary>All topics and not one by name: asking for a missing topic may create it.</summary>
    private static Metadata Ask(IAdminClient admin, KafkaOptions kafka, ConcurrentQueue<Error> errors)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return admin.GetMetadata(Slice);
            }
            catch (KafkaException) when (TimeProvider.System.GetElapsedTime(started) < kafka.ConnectTimeout && !errors.Any(Lasts))
            {
                // Pressure tier: not yet an answer, and no reason why there should be none.
            }
        }
    }

    /// <summary>A wrong certificate or password does not get better by waiting.</summary>
    private static bool Lasts(Error error) => error.Code is ErrorCode.Local_Ssl or ErrorCode.Local_Authentication;

    /// <summary>The client guesses at one where a broker hangs up; later it only counts such ends.</summary>
    private static bool HasACause(Error error)
        => error.Reason.Contains("SSL handshake failed", StringComparison.Ordinal) || error.Reason.Contains("security.protocol configuration", StringComparison.Ordinal);

    /// <summary>That all brokers are down is what follows, not why.</summary>
    private static Error? Telling(ConcurrentQueue<Error> errors)
        => errors.FirstOrDefault(Lasts) ?? errors.FirstOrDefault(HasACause) ?? errors.LastOrDefault(error => error.Code != ErrorCode.Local_AllBrokersDown) ?? errors.LastOrDefault();
}
