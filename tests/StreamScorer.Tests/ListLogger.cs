using Microsoft.Extensions.Logging;

namespace StreamScorer.Tests;

/// <summary>Keeps what is logged, for one thread after the other.</summary>
internal sealed class ListLogger<T> : ILogger<T>
{
    public List<(int Id, LogLevel Level, string Message)> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => Lines.Add((eventId.Id, logLevel, formatter(state, exception)));
}
