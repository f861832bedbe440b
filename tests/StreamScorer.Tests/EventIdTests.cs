using System.Reflection;
using Microsoft.Extensions.Logging;

namespace StreamScorer.Tests;

public sealed class EventIdTests
{
    [Fact]
    public void LogMessages_ShouldHaveEventIdsOfTheirOwn()
    {
        var messages = Messages();

        Assert.NotEmpty(messages);
        Assert.Empty(messages.GroupBy(found => found.Message.EventId).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(s => s.Method.Name))}"));
        Assert.DoesNotContain(messages, found => found.Message.EventId <= 0);
    }

    /// <summary>Every message that the worker can log.</summary>
    internal static IReadOnlyList<(MethodInfo Method, LoggerMessageAttribute Message)> Messages()
        => [.. typeof(Worker).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Select(method => (Method: method, Message: method.GetCustomAttribute<LoggerMessageAttribute>()!))
            .Where(found => found.Message is not null)];
}
