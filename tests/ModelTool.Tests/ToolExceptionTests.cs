namespace ModelTool.Tests;

public sealed class ToolExceptionTests
{
    [Fact]
    public void Guard_ShouldSayHowToGoOn_WhenTheDiskIsFull()
    {
        const string Full = "/dev/full";
        Assert.SkipUnless(File.Exists(Full), $"There is no {Full} here.");
        using var error = new StringWriter();

        var code = ToolException.Guard(error, () =>
        {
            using var stream = new FileStream(Full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            stream.WriteByte(1);
        });

        Assert.Equal(1, code);
        Assert.Equal($"No space left on device : '{Full}'. Free some space, then run it again (train: with --resume).{Environment.NewLine}", error.ToString());
    }
}
