using System.Reflection;
using Confluent.Kafka;

namespace StreamScorer.Tests.Kafka;

/// <summary>A producer that does what a test wants before each call, and then what a real one does, or nothing.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1852", Justification = "DispatchProxy derives from it at run time.")]
internal class TestProducer : DispatchProxy
{
    private readonly Lock _gate = new();
    private readonly List<string> _calls = [];
    private IProducer<byte[]?, byte[]?>? _inner;
    private Action<string, int> _before = (_, _) => { };
    private Action<string, int> _after = (_, _) => { };

    /// <summary>Names of the calls so far, in order.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>What records are answered with, by topic; null: acknowledged.</summary>
    public Func<string, Error?> Answer { get; set; } = _ => null;

    /// <summary>What was last sent as offsets of a transaction.</summary>
    public IReadOnlyList<TopicPartitionOffset> Offsets { get; private set; } = [];

    /// <param name="inner">Null: every call succeeds and every record is acknowledged at once.</param>
    /// <param name="before">Name of the call, and how many times it has been made by now; may throw in place of the call.</param>
    /// <param name="after">The same after the call has succeeded.</param>
    public static IProducer<byte[]?, byte[]?> Create(IProducer<byte[]?, byte[]?>? inner = null, Action<string, int>? before = null, Action<string, int>? after = null)
    {
        var producer = Create<IProducer<byte[]?, byte[]?>, TestProducer>();
        var proxy = (TestProducer)(object)producer;
        (proxy._inner, proxy._before, proxy._after) = (inner, before ?? proxy._before, after ?? proxy._after);
        return producer;
    }

    public static KafkaTxnRequiresAbortException Abortable(ErrorCode code = ErrorCode.IllegalGeneration) => new(new Error(code, "made up by a test"));

    public static KafkaRetriableException Retriable() => new(new Error(ErrorCode.Local_TimedOut, "made up by a test"));

    public static KafkaException Fatal(ErrorCode code = ErrorCode.Local_Fenced) => new(new Error(code, "made up by a test", isFatal: true));

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        int times;
        lock (_gate)
        {
            _calls.Add(targetMethod!.Name);
            times = _calls.Count(call => call == targetMethod.Name);
        }

        _before(targetMethod.Name, times);
        var result = _inner is null ? Pretend(targetMethod, args!) : Pass(targetMethod, args!);
        _after(targetMethod.Name, times);
        return result;
    }

    private object? Pass(MethodInfo method, object?[] arguments)
    {
        try
        {
            return method.Invoke(_inner, arguments);
        }
        catch (TargetInvocationException e)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
    }

    private object? Pretend(MethodInfo method, object?[] arguments)
    {
        switch (method.Name)
        {
            case nameof(IProducer<byte[]?, byte[]?>.Produce):
                var error = Answer((string)arguments[0]!);
                ((Action<DeliveryReport<byte[]?, byte[]?>>)arguments[2]!)(new DeliveryReport<byte[]?, byte[]?>
                {
                    Topic = (string)arguments[0]!,
                    Status = error is null ? PersistenceStatus.Persisted : PersistenceStatus.NotPersisted,
                    Error = error ?? new Error(ErrorCode.NoError),
                });
                break;
            case nameof(IProducer<byte[]?, byte[]?>.SendOffsetsToTransaction):
                Offsets = [.. (IEnumerable<TopicPartitionOffset>)arguments[0]!];
                break;
        }

        return method.ReturnType.IsValueType && method.ReturnType != typeof(void) ? Activator.CreateInstance(method.ReturnType) : null;
    }
}
