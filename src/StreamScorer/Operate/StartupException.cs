namespace StreamScorer.Operate;

/// <summary>
/// The program cannot start or go on for a reason that a person causes and cures. The message is what that person
/// reads, so it says what, where and how to cure; the commands print it without a stack trace and end with exit code 2.
/// </summary>
internal sealed class StartupException(string message) : Exception(message);
